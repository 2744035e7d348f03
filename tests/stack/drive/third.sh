# shellcheck shell=bash disable=SC2034
# LIBRARY_PORT: the door's port on 127.0.0.1
images=(mariadb:11.8 php:8.4-fpm caddy:2 memcached:1.6)
door=http://127.0.0.1:${LIBRARY_PORT:-8280}
answers="
    $door/about.txt library
    $door/?author=5 title
    $door/?longest pages"
requests="
    8 GET $door/?author={n} title
    1 GET $door/?longest pages
    3 GET $door/about.txt library"
