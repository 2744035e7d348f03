#!/bin/sh
if [ -d /opt/custom-certificates ]; then
    echo "Trusting custom certificates from /opt/custom-certificates."
    export NODE_OPTIONS="--use-openssl-ca ${NODE_OPTIONS-}" SSL_CERT_DIR=/opt/custom-certificates
fi
exec n8n "$@"
