# shellcheck shell=bash disable=SC2154 # stack_root is the caller's
# Which images there are to be, and how each comes: pulled, built from a Debian base, or taken as it lies there.

export PILOTPROS_CACHE
: "${PILOTPROS_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/pilotpros}"
images_dir=$stack_root/images
hash_label=pilotpros.stack.hash

say() { printf '%s\n' "$*" >&2; }

image_line() { # TAG -> kind suite version needs
    awk -v tag="$1" '$1 == tag { print $2, $3, $4, $5 }' "$images_dir/list"
}

image_hash() { # TAG: changes with everything that the image is made of
    local kind suite version needs
    read -r kind suite version needs < <(image_line "$1")
    if [ "$kind" = base ]; then
        { echo "$suite"; cat "$images_dir/base.sh"; } | sha256sum | cut -c1-16
    else
        { echo "$kind $suite $version"; image_hash "$needs"
          (cd "$images_dir/$kind" && find . -type f | LC_ALL=C sort | xargs -d '\n' sha256sum); } | sha256sum | cut -c1-16
    fi
}

# Asked once in a run, and handed on to what this run starts.
registry_answers() {
    if [ -z "${PILOTPROS_REGISTRY-}" ]; then
        PILOTPROS_REGISTRY=no
        if docker image inspect hello-world >/dev/null 2>&1; then
            timeout 10 docker pull -q hello-world >/dev/null 2>&1 && PILOTPROS_REGISTRY=yes
        elif timeout 10 docker pull -q hello-world >/dev/null 2>&1; then
            PILOTPROS_REGISTRY=yes
            docker rmi hello-world >/dev/null 2>&1 || true
        fi
        export PILOTPROS_REGISTRY
        say "images: registry answers: $PILOTPROS_REGISTRY"
    fi
    [ "$PILOTPROS_REGISTRY" = yes ]
}

cached() { # FILE COMMAND…: FILE of the cache, made by COMMAND with FILE as its last argument when it is not there
    local file=$PILOTPROS_CACHE/stack/$1
    shift
    mkdir -p "${file%/*}"
    [ -s "$file" ] || "$@" "$file" >&2 || return
    printf '%s' "$file"
}

n8n_tar() { # OUT: what prepare.sh leaves
    local tmp
    tmp=$(mktemp -d "$PILOTPROS_CACHE/stack/n8n.XXXXXX")
    "$images_dir/n8n/prepare.sh" "$tmp" && mv "$tmp/n8n.tar" "$1"
    rm -rf "$tmp"
}

build_image() { # TAG HASH
    local tag=$1 hash=$2 kind suite version needs tar context
    read -r kind suite version needs < <(image_line "$tag")
    if [ "$kind" = base ]; then
        tar=$(cached "base-$suite-$hash.tar" "$images_dir/base.sh" "$suite")
        docker import --change 'CMD ["bash"]' --change "LABEL $hash_label=$hash" "$tar" "$tag" >/dev/null
        return
    fi
    context=$(mktemp -d)
    cp -R "$images_dir/$kind/." "$context"
    case $kind in
        node) # see its Dockerfile
            if [ -r /etc/ssl/certs/ca-certificates.crt ]; then cp /etc/ssl/certs/ca-certificates.crt "$context/ca-bundle.crt"
            else : > "$context/ca-bundle.crt"; fi ;;
        n8n)
            ensure_image debian:trixie-slim
            tar=$(cached "n8n-$(sha256sum "$images_dir"/n8n/p* | sha256sum | cut -c1-16).tar" n8n_tar)
            ln "$tar" "$context/n8n.tar" 2>/dev/null || cp "$tar" "$context/n8n.tar"
            needs=debian:trixie-slim ;;
    esac
    docker build -q --label "$hash_label=$hash" --build-arg "BASE=$needs" --build-arg "VERSION=$version" -t "$tag" "$context" >/dev/null
    rm -rf "$context"
}

# An image that carries our hash is current or is rebuilt; one without it was pulled, or is the user's, and is taken as it is.
ensure_image() { # TAG
    local tag=$1 hash have needs start=$SECONDS
    hash=$(image_hash "$tag")
    if have=$(docker image inspect -f "{{with .Config.Labels}}{{index . \"$hash_label\"}}{{end}}" "$tag" 2>/dev/null); then
        [ -n "$have" ] && [ "$have" != "$hash" ] || return 0
    elif registry_answers && timeout 600 docker pull -q "$tag" >/dev/null; then
        say "images: $tag pulled in $((SECONDS - start)) s"
        return 0
    fi
    read -r _ _ _ needs < <(image_line "$tag")
    [ "$needs" = - ] || ensure_image "$needs"
    start=$SECONDS
    build_image "$tag" "$hash"
    say "images: $tag built in $((SECONDS - start)) s"
}

ensure_images() { # TAG…
    mkdir -p "$PILOTPROS_CACHE/stack"
    # Two runs at once would build the same image twice.
    exec {images_lock}> "$PILOTPROS_CACHE/stack/lock"
    flock "$images_lock"
    local tag
    for tag in "$@"; do ensure_image "$tag"; done
    exec {images_lock}>&-
}
