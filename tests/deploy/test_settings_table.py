from deploy.settings_table import PAGE, page_with_table, variable
from tracewarden.settings import Settings


def test_the_operators_page_names_each_setting_as_it_is_now() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == page_with_table(page), "run: python -m deploy.settings_table"


def test_each_setting_says_what_it_means() -> None:
    fields = Settings.model_fields.items()
    silent = [variable(name) for name, field in fields if not field.description]
    assert silent == []
