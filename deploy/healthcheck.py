"""Exits 0 if the service in this container is ready, or what an address names, 1 if it is not."""

import os
import sys
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

URL = f"http://127.0.0.1:{os.environ.get('MIGKG_PORT') or 8000}/readyz"


def main() -> int:
    """Asks once, past any proxy: the address given, else the service."""
    url = sys.argv[1] if len(sys.argv) > 1 else URL
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=4) as response:
            return 0 if response.status == 200 else 1
    except (URLError, OSError) as error:
        sys.stderr.write(f"{url}: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
