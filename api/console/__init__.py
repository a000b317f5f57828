"""The console of compliance: login, the live list of alerts, and one alert's page."""
