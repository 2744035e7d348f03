#!/bin/sh
# /etc/nginx/templates/NAME.template becomes /etc/nginx/conf.d/NAME with the variables of the environment, and only those, filled in.
set -e
from=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}
to=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}
suffix=${NGINX_ENVSUBST_TEMPLATE_SUFFIX:-.template}
[ -d "$from" ] || exit 0
names=$(env | awk -F= -v filter="${NGINX_ENVSUBST_FILTER-}" '/^[A-Za-z_][A-Za-z0-9_]*=/ && $1 ~ filter { printf "${%s} ", $1 }')
find "$from" -follow -type f -name "*$suffix" | while read -r template; do
    name=${template#"$from"/}
    mkdir -p "$to/$(dirname "$name")"
    envsubst "$names" < "$template" > "$to/${name%"$suffix"}"
done
