# shellcheck shell=bash disable=SC2034
# WAREHOUSE_EDGE_PORT PRICING_PORTS (a range of two) BEACON_PORT: ports on 127.0.0.1
images=(postgres:15 redis:7 nginx:1.22 node:20 python:3.11 debian:bookworm-slim)
edge=http://127.0.0.1:${EDGE_PORT:-${WAREHOUSE_EDGE_PORT:-8180}}
prices=${PRICING_PORTS:-8190-8191}
answers="
    $edge/shop/alive alive
    $edge/shop/article?id=5 moved
    $edge/shop/heaviest moved_weight
    $edge/pricing/price?article=3 EUR
    http://127.0.0.1:${prices%-*}/alive alive
    http://127.0.0.1:${prices#*-}/ pricing_answered_total
    http://127.0.0.1:${BEACON_PORT:-8183}/ beacon"
rate=50
requests="
    8 GET $edge/shop/article?id={n} price
    1 GET $edge/shop/heaviest moved_weight
    4 POST $edge/shop/order?article={n} queued
    2 GET $edge/pricing/price?article={n} currency
    1 GET $edge/shop/backlog backlog"
