"""How findings become cases, and how people work them off.

Gathering is a fold over judgements (``gather``): what is known of one event (``judgement``) becomes
claims on cases (``claims``), which belong together (``groups``). Goods that leave their territory
are told by a test (``leak``, on ``cells``, ``spots`` and ``natural`` movement) and by origin cases
that surface (``surfaced``), and make ``diversions``; sales under ``permits`` are none. Orders and
offers are judged at once (``trade``).

A ``case`` and its worth (``exposure``; ``scanned`` and ``estimates`` for what nobody
read) are ``published`` with their ``deadlines``; ``alerts`` are signals as people see them.

People take ``steps``, each by its ``roles`` and as an entry (``step_entries``); where they have led
is the ``standing``; what is overdue is told by ``reminders``. All is pure: no clock, no chance.
"""
