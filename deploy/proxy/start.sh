#!/bin/sh
# Runs nginx, which looks a name up once only: when that of the service leads elsewhere, as its new container has a new
# address, nginx reads its configuration again.
set -eu
known=$(getent hosts migkg || true)
nginx -c /etc/nginx/nginx.conf -g 'daemon off;' &
nginx=$!
trap 'kill -QUIT "$nginx"' QUIT TERM INT
while kill -0 "$nginx" 2>/dev/null; do
    sleep 2 &
    wait $! || true
    found=$(getent hosts migkg) || continue
    if [ "$found" != "$known" ] && nginx -c /etc/nginx/nginx.conf -s reload; then
        known=$found
    fi
done
wait "$nginx"
