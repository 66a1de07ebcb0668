"""``python -m txlint``. Python puts the working directory first in ``sys.path`` for it; there stands the analysed project, of which
nothing may be imported, so it is taken out before anything else is imported."""

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]
    sys.path[:] = [folder for folder in sys.path if folder]

    from txlint.cli import main

    sys.exit(main())
