# shellcheck shell=bash disable=SC2034
# DEMO_PORT: the shop's port on 127.0.0.1
images=(postgres:17 nginx:1.26 node:20)
entry=http://127.0.0.1:${DEMO_PORT:-8088}
answers="
    $entry/ Demo.shop
    $entry/api/best-sellers revenue
    $entry/api/orders?customer=7 placed_at"
requests="
    6 GET $entry/api/orders?customer={n} placed_at
    2 GET $entry/ Demo
    1 GET $entry/api/best-sellers revenue"
