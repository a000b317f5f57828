"""``python -m verifier BUNDLE --trust keys.txt``."""

from verifier.command import main

raise SystemExit(main())
