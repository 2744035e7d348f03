#!/bin/sh
# The image's own default.conf, and only that, also listens on IPv6 where there is IPv6 and the file may be written.
set -e
file=/etc/nginx/conf.d/default.conf
[ -f /proc/net/if_inet6 ] && [ -w "$file" ] || exit 0
grep -q 'listen       80;' "$file" && ! grep -q '\[::\]:80' "$file" || exit 0
sed -i 's|listen       80;|listen       80;\n    listen  [::]:80;|' "$file" || true
