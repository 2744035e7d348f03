#!/usr/bin/env python3
"""The projects of tests/corpus without an engine: what is found is exactly what each says in expected.json, tune works on it, what tune
would write merges, what both print for programs is as its schema says, and no byte of theirs changes. And one defect at a time, planted into the project without any: exactly that one appears.

  corpus.py PLUGIN projects [NAME...]         only these
  corpus.py PLUGIN defects [ID...]            only those of these findings
  corpus.py PLUGIN everywhere [NAME...]       a defect at a time planted into each project, which appears beside what is expected of it
  corpus.py PLUGIN fixes                      that each fix in lines of Compose, laid over its project, is accepted and ends its finding
  corpus.py PLUGIN covered                    that each rule of docs/lint.md and each finding that a project expects has a defect, and each row of the recipe's faults that a file can show
  corpus.py PLUGIN sees                       that the comparison notices a finding too many and one too few
"""
import concurrent.futures, hashlib, json, os, pathlib, re, shutil, subprocess, sys, tempfile

import validate

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "corpus"
SCHEMAS = {kind: validate.validator(validate.read(CORPUS.parent.parent / "docs" / f"{kind}.schema.json")) for kind in ("tune", "findings")}
PLUGIN, WHAT = sys.argv[1], sys.argv[2]
AWAY = {**{k: v for k, v in os.environ.items() if not k.startswith(("COMPOSE_", "DOCKER_"))}, "DOCKER_HOST": "unix:///nowhere.sock"}


def run(folder, *words, text=None):
    return subprocess.run([PLUGIN, "pilotpros", *words], cwd=folder, env=AWAY, capture_output=True, text=True, input=text, timeout=120)


def state(folder):
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


# What docs/lint.md says of each finding: severity, whether it may be less, the source, and the harm.
PAGE = {id: (severity, "\nMilder: " in rest, re.search(r"^Source: <?(.*?)>?$", rest, re.M)[1], re.search(r"^Harm: ((?:.+\n)+)", rest, re.M)[1].replace("\n", " ").rstrip(" .")) for id, severity, rest in re.findall(
    r"^## (\S+)\n\n(\w+): ((?:(?!^#).*\n)*)", (CORPUS.parent.parent / "docs" / "lint.md").read_text(), re.M)}
# Of these the harm depends on what is found: a milder one, or one with figures.
OWN_HARM = {"probe-localhost", "probe-needs-shell", "timeout-not-below-interval", "waits-for-health-without-check", "postgres-shm-too-small", "memory-flag-above-limit", "n8n-variable-of-another-version", "mount-twice", "data-mount-replaced"}
RANKS = ("note", "warning", "error")
# No file shows these: an image does, or `healthcheck --check` says them (tests/integration/harms.sh, tests/unit/advise/healthcheck.cpp).
OF_IMAGES = {"probe-command-missing", "health-check-wrong", "probe-asks-wrongly"}


def unlike_page(finding):
    """How it differs from what docs/lint.md says of it."""
    if finding["id"] not in PAGE:
        return [f"docs/lint.md has no section {finding['id']}"]
    severity, milder, source, harm = PAGE[finding["id"]]
    as_said = finding["severity"] == severity or milder and RANKS.index(finding["severity"]) < RANKS.index(severity)
    return [f"docs/lint.md has another {what} of {finding['id']}" for what, same in (("severity", as_said), ("source", finding["source"] == source), ("harm", finding["harm"].rstrip(".") == harm or finding["id"] in OWN_HARM)) if not same]


def lint(folder, *words, text=None):
    done = run(folder, "tune", "--lint", "--format", "json", *words, text=text)
    if done.returncode not in (0, 6):
        return [("", f"exit {done.returncode}: {done.stderr.strip()}")]
    document = json.loads(done.stdout)
    found = sorted((f["service"], f["id"]) for f in document["findings"])
    faults = [("", f"no document of findings: {fault}") for fault in validate.faults(SCHEMAS["findings"], document)]
    faults += [("", fault) for finding in document["findings"] for fault in unlike_page(finding)]
    return faults + (found if (done.returncode == 6) == bool(found) else [("", f"exit {done.returncode} with {len(found)} findings")])


def difference(found, expected):
    lacking, surplus = list(expected), []
    for one in found:
        lacking.remove(one) if one in lacking else surplus.append(one)
    return [f"not found: {one}" for one in lacking] + [f"found, not expected: {one}" for one in surplus]


def files_of(folder):
    """What plain Compose reads there: what .env names, else the names that it looks for."""
    named = re.search(r"^COMPOSE_FILE=(.*)$", (folder / ".env").read_text(), re.M) if (folder / ".env").exists() else None
    if named:
        return named[1].split(":")
    names = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
    over = ("compose.override.yaml", "compose.override.yml", "docker-compose.override.yaml", "docker-compose.override.yml")
    return [next(n for n in names if (folder / n).exists()), *[n for n in over if (folder / n).exists()][:1]]


def selectors(files):
    return [word for file in files for word in ("-f", file)]


def composed(folder, files):
    """What Compose makes of these files; what it says where it refuses them."""
    done = subprocess.run(["docker", "compose", *selectors(files), "config", "--format", "json"], cwd=folder, env=AWAY, capture_output=True, text=True, timeout=120)
    return (json.loads(done.stdout), "") if done.returncode == 0 else ({}, (done.stderr.splitlines() or [f"exit {done.returncode}"])[-1])


def plan(folder, *words):
    done = run(folder, "tune", "--format", "json", *words)
    if done.returncode != 2:  # done, without an engine
        return None, [f"tune: exit {done.returncode}: {done.stderr.strip()}"]
    document = json.loads(done.stdout)
    return document, [f"no document of a Plan: {fault}" for fault in validate.faults(SCHEMAS["tune"], document)]


# A pin is written for any service, whatever is known of it.
PINNED, PIN = "1m17s", "x-pilotpros: {pin: {stop_grace_period: 77s}}\n"


def merges(copy, files, document):
    """What tune would write lies beside a copy, and Compose reads all of it: what comes of it, and what is wrong."""
    refused = [f"Compose refuses what is advised, so nothing is left of it: {v['service']}: {v['said']}" for v in document["verdicts"] if v["outcome"] == "refused"]
    ours = [f["path"] for f in document["files"] if f["path"] == ".pilotpros/compose.yaml"]
    if refused or bool(ours) != bool(document["changes"]):
        return {}, refused or [f"{len(document['changes'])} changes and {len(ours)} overrides"]
    for file in document["files"]:
        path = copy / file["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file["content"])
    merged, why = composed(copy, files + ours)
    return merged, [f"what tune would write does not merge: {why}"] if why else []


def override(folder, document, expected):
    """How the project's override was tried, and what is wrong with it. Where nothing is advised it is one with a pin: that none is there shows nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch) / "project"
        shutil.copytree(folder, copy)
        files = files_of(copy)
        if "no_override" in expected:
            (copy / "nothing.yaml").write_text("services: {}\n")
            if composed(copy, files + ["nothing.yaml"])[1]:
                return "no second file", [f"a change that nothing can carry: {change['key']}" for change in document["changes"]]
        if document["changes"] or any(v["outcome"] == "refused" for v in document["verdicts"]):
            return "as advised", merges(copy, files, document)[1]
        (copy / "pin.yaml").write_text(PIN)
        files.append("pin.yaml")
        document, complaints = plan(copy, *selectors(files))
        if complaints:
            return "with a pin", complaints
        merged, complaints = merges(copy, files, document)
        services = merged.get("services", {}).items()
        if not services and not complaints:
            return "no service", complaints
        return "with a pin", complaints + [f"pinned, and not in force: {name}" for name, service in services if service.get("stop_grace_period") != PINNED]


def project(folder):
    expected = json.loads((folder / "expected.json").read_text())
    before = state(folder)
    wanted = sorted((f["service"], f["id"]) for f in expected["findings"] for _ in range(f.get("times", 1)))
    complaints, files = difference(lint(folder), wanted), files_of(folder)
    if len(files) > 1:
        complaints += ["named with -f: " + one for one in difference(lint(folder, *selectors(files)), wanted)]
    document, faults = plan(folder)
    how, wrong = override(folder, document, expected) if not faults else ("no Plan", [])
    if state(folder) != before:
        complaints.append("a file changed")
    return folder.name, complaints + faults + wrong, "not merged" if wrong else how


# What is planted into recipe-corrected: the row of section 0 of the recipe's faults (web-n8n-build.md) where it has one, service, the finding
# that appears, the text that goes, what comes. Where no text goes, what comes is an override beside it.
NGINX_LIMITS = '    deploy:\n      resources:\n        limits:\n          cpus: "0.5"\n          memory: 64M\n'
DEFECTS = [
    (37, "", "version-obsolete", "services:\n  postgres:", 'version: "3.8"\nservices:\n  postgres:'),
    (36, "", "fixed-subnet", "\nvolumes:\n", "\nnetworks:\n  default:\n    ipam: {config: [{subnet: 172.20.0.0/16}]}\n\nvolumes:\n"),
    (36, "", "fixed-network-name", "\nvolumes:\n", "\nnetworks:\n  default: {name: flowdesk_network}\n\nvolumes:\n"),
    (36, "", "bridge-option-is-default", "\nvolumes:\n", "\nnetworks:\n  default:\n    driver_opts: {com.docker.network.driver.mtu: 1500}\n\nvolumes:\n"),
    (None, "nginx", "tmpfs-fills-limit", '    ports:\n      - "80:80"\n', '    ports:\n      - "80:80"\n    tmpfs: "/var/cache/nginx:size=60m"\n'),
    *((22, "backend", id, re.compile(r"(    init: true\n)((?:.*\n)*volumes:\n)"), rf"""\1    volumes: ['backend_modules:{target}']
\2  backend_modules:
    driver_opts: {{type: tmpfs, device: tmpfs, o: "{options}"}}
""") for id, target, options in (
        ("tmpfs-volume-hides-image", "/app/node_modules", "size=100m,uid=1000"), ("tmpfs-volume-hides-image", "/app/node_modules", "uid=1000"),
        ("tmpfs-fills-limit", "/app/cache", "size=500m,uid=1000"))),
    (1, "n8n", "node-options-refused", "--max-old-space-size=896", '"--max-old-space-size=896 --optimize-for-size"'),
    (1, "backend", "node-options-refused", "--max-old-space-size=256", '"--max-old-space-size=256 --gc-interval=100"'),
    (28, "backend", "heap-above-limit", "--max-old-space-size=256", "--max-old-space-size=1024"),
    (28, "n8n", "heap-above-limit", "    environment:\n      DB_TYPE", '    environment:\n      N8N_RUNNERS_MAX_OLD_SPACE_SIZE: "1024"\n      DB_TYPE'),
    (3, "n8n", "n8n-unknown-variable", 'N8N_CONCURRENCY_PRODUCTION_LIMIT: "10"', 'N8N_CONCURRENCY: "10"'),
    *((row, "n8n", id, 'N8N_CONCURRENCY_PRODUCTION_LIMIT: "10"', f'N8N_CONCURRENCY_PRODUCTION_LIMIT: "10"\n      {line}') for row, id, line in (
        (2, "n8n-unknown-variable", "N8N_EXECUTION_PROCESS: main"), (4, "n8n-unknown-variable", 'DB_POSTGRESDB_POOL_CONNECTION_TIMEOUT: "60000"'),
        (5, "n8n-unknown-variable", 'N8N_RUNNERS_MAX_PAYLOAD_SIZE: "1"'), (6, "n8n-unknown-variable", 'N8N_BINARY_DATA_BUFFER_SIZE: "1"'),
        (7, "n8n-variable-of-another-version", 'N8N_RUNNERS_ENABLED: "true"'))),
    (20, "backend", "undeclared-volume", "    init: true\n", "    init: true\n    volumes: ['backend_src:/app/src']\n"),
    (20, "backend", "undeclared-volume", "    init: true\n", "    init: true\n    volumes: ['${SOURCES:-backend_src}:/app/src']\n"),
    (18, "postgres", "data-mount-replaced", None, "services:\n  postgres:\n    volumes: ['postgres_optimized_data:/var/lib/postgresql/data']\nvolumes: {postgres_optimized_data: {}}\n"),
    (18, "postgres", "data-mount-replaced", None, "volumes: {postgres_data: {name: postgres_optimized_data}}\n"),
    (18, "n8n", "data-mount-replaced", None, "services:\n  n8n:\n    volumes:\n      - {type: bind, source: ./n8n, target: /home/node/.n8n/}\n"),
    (42, "nginx", "limits-contradict", NGINX_LIMITS, "    mem_limit: 96m\n" + NGINX_LIMITS),
    (42, "nginx", "limits-contradict", NGINX_LIMITS, "    mem_limit: ${NGINX_MEMORY:-96m}\n" + NGINX_LIMITS),
    (42, "nginx", "limits-contradict", None, "services:\n  nginx: {mem_limit: 96m}\n"),
    (38, "n8n", "n8n-grace-too-short", "    stop_grace_period: 40s\n", ""),
    (17, "postgres", "comment-in-command", re.compile(r"    command:\n(      - .*\n)+"), "    command: >\n      postgres\n      -c config_file=/etc/postgresql/postgresql.conf\n      -c work_mem=8MB # for sorts\n"),
    (None, "postgres", "volume-above-data", "postgres_data:/var/lib/postgresql/data", "postgres_data:/var/lib/postgresql"),
    (None, "postgres", "postgres-data-not-on-a-named-volume", "      - postgres_data:/var/lib/postgresql/data\n", ""),
    (None, "postgres", "postgres-mount-refused", "image: postgres:15-alpine", "image: postgres:18-alpine"),
    (None, "postgres", "postgres-mount-refused", "image: postgres:15-alpine", "image: postgres:alpine"),
    (24, "postgres", "postgres-file-not-read", "      - -c\n      - config_file=/etc/postgresql/postgresql.conf\n", ""),
    (26, "postgres", "postgres-shm-too-small", "    shm_size: 512m\n", ""),
    (25, "postgres", "postgres-worst-case-over-limit", "max_parallel_workers_per_gather=2\n", "max_parallel_workers_per_gather=2\n      - -c\n      - work_mem=16MB\n      - -c\n      - max_connections=100\n"),
    (25, "postgres", "postgres-cache-size-above-limit", "max_parallel_workers_per_gather=2\n", "max_parallel_workers_per_gather=2\n      - -c\n      - effective_cache_size=4GB\n"),
    (27, "postgres", "pools-over-max-connections", "max_parallel_workers_per_gather=2\n", "max_parallel_workers_per_gather=2\n      - -c\n      - max_connections=20\n"),
    (31, "postgres", "pg-isready-on-socket", '"-h", "127.0.0.1", ', ""),
    (None, "postgres", "pg-isready-orphan", '["CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", "flowdesk", "-d", "flowdesk"]', '"pg_isready -q -h 127.0.0.1 -U flowdesk -d flowdesk || exit 1"'),
    (35, "postgres", "reserved-cpus-ignored", "        reservations:\n", '        reservations:\n          cpus: "0.5"\n'),
    (None, "postgres", "database-on-every-interface", "127.0.0.1:5432:5432", "5432:5432"),
    (None, "backend", "debugger-on-every-interface", "    init: true\n", "    init: true\n    ports: ['9229:9229']\n"),
    (None, "search", "heap-not-lockable", None, """services:
  search:
    image: elasticsearch:8.15.0
    mem_limit: 2g
    environment: {bootstrap.memory_lock: "true"}
    volumes: ['search_data:/usr/share/elasticsearch/data']
    healthcheck: {test: [CMD, curl, -fs, "http://127.0.0.1:9200/"], interval: 10s, timeout: 5s, start_period: 60s, start_interval: 2s}
volumes: {search_data: {}}
"""),
    *((None, "nginx", "probe-needs-shell", '["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1/health"]', wrong) for wrong in (
        '["CMD", "wget -q -O /dev/null http://127.0.0.1/health"]', '["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1/health", "||", "exit", "1"]')),
    (9, "nginx", "probe-localhost", "http://127.0.0.1/health", "http://localhost/health"),
    (30, "n8n", "slow-first-probe", "      interval: 15s\n      timeout: 5s\n      start_period: 120s\n      start_interval: 2s\n", "      timeout: 5s\n      start_period: 120s\n"),
    (30, "n8n", "slow-first-probe", "      interval: 15s\n      timeout: 5s\n      start_period: 120s\n      start_interval: 2s\n", "      timeout: 5s\n"),
    (30, "n8n", "slow-first-probe", "      start_period: 120s\n      start_interval: 2s\n", "      start_period: 120s\n"),
    (None, "n8n", "timeout-not-below-interval", "      interval: 15s\n      timeout: 5s\n", "      interval: 15s\n      timeout: 30s\n"),
    (None, "n8n", "start-interval-without-start-period", "      start_period: 120s\n      start_interval: 2s\n", "      start_interval: 2s\n"),
    (None, "nginx", "waits-for-health-without-check", re.compile(r'    healthcheck:\n.*127\.0\.0\.1/"\]\n(      .*\n)+'), "    healthcheck: {disable: true}\n"),
    (23, "backend", "mount-option-ignored", "    init: true\n", "    init: true\n    volumes: ['./backend/src:/app/src:cached']\n"),
    (21, "backend", "mount-twice", "    init: true\n", "    init: true\n    volumes: ['n8n_data:/app/src', './backend/src:/app/src']\n"),
    (21, "backend", "mount-twice", "    init: true\n", "    init: true\n    tmpfs: [/app/cache]\n    volumes: ['n8n_data:/app/cache/']\n"),
    (None, "backend", "data-on-anonymous-volume", "    init: true\n", "    init: true\n    volumes: ['/app/uploads']\n"),
    (None, "nginx", "no-memory-limit", '          cpus: "0.5"\n          memory: 64M\n', '          cpus: "0.5"\n'),
    (None, "nginx", "memory-limit-too-small", '          cpus: "0.5"\n          memory: 64M\n', '          cpus: "0.5"\n          memory: 5M\n'),
    (None, "postgres", "memory-flag-above-limit", "shared_buffers=384MB", "shared_buffers=1280MB"),
    (None, "postgres", "reservation-above-limit", "        reservations:\n          memory: 512M\n", "        reservations:\n          memory: 2G\n"),
    (None, "postgres", "shm-above-limit", "    shm_size: 512m\n", "    shm_size: 2g\n"),
    (None, "nginx", "memswap-below-memory", NGINX_LIMITS, "    memswap_limit: 32m\n" + NGINX_LIMITS),
    # Of a job nobody wants a memory limit.
    (None, "migrate", "memswap-without-memory", re.compile(r"(        condition: service_healthy\n)\n(  # What Vite builds)"), r"""\1      migrate:
        condition: service_completed_successfully

  migrate:
    image: registry.example.org/flowdesk/migrate:1
    memswap_limit: 512m

\2"""),
    (None, "nginx", "cpus-zero", '          cpus: "0.5"\n', '          cpus: "0"\n'),
    (None, "nginx", "cpus-negative", NGINX_LIMITS, "    mem_limit: 64m\n    cpus: -1\n"),
    (None, "nginx", "cpus-and-quota", NGINX_LIMITS, "    cpu_quota: 50000\n" + NGINX_LIMITS),
    (None, "nginx", "limit-in-both-dialects", NGINX_LIMITS, "    mem_limit: 64m\n" + NGINX_LIMITS),
    (None, "search", "heap-not-lockable", "  # What Vite builds", """  search:
    image: opensearchproject/opensearch:2.17.1
    environment: {discovery.type: single-node, bootstrap.memory_lock: "true", OPENSEARCH_JAVA_OPTS: -Xmx512m}
    mem_limit: 2g
    volumes: ['n8n_data:/usr/share/opensearch/data']
    healthcheck:
      test: ["CMD", "curl", "-fs", "-o", "/dev/null", "http://127.0.0.1:9200/_cluster/health"]
      interval: 15s
      timeout: 5s

  # What Vite builds"""),
    *((None, "backend", id, "    init: true\n", f"    init: true\n    x-pilotpros: {wish}\n") for id, wish in (
        ("pin-unreadable", "{pin: {memory: plenty}}"), ("wish-unknown", "{pin: {memmory: 512m}}"), ("bound-unreadable", "{bound: {cpus: {max: most}}}"), ("bound-contradicts", "{bound: {heap: {min: 2g, max: 512}}}"))),
    (None, "nginx", "no-health-check", re.compile(r'    healthcheck:\n.*/health"\]\n      interval: 10s\n.*\n'), ""),
    (None, "nginx", "development-server", '    ports:\n      - "80:80"\n', '    ports:\n      - "80:80"\n    command: npx vite\n'),
    (None, "nginx", "development-server", '    ports:\n      - "80:80"\n', '    ports:\n      - "80:80"\n    command: npm run start:dev\n'),
]

# A service that nothing is to be said of, and what is planted into every project by a file beside its own: that service with one thing wrong, or something that
# concerns the project. One at a time, the finding that appears with it.
SOUND = {"image": "nginx:1.27-alpine", "mem_limit": "64m", "cpus": "0.5", "restart": "unless-stopped", "logging": {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}},
         "healthcheck": {"test": ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1/"], "interval": "10s", "timeout": "3s", "start_period": "20s", "start_interval": "1s"}}
PROBE = SOUND["healthcheck"]
EVERYWHERE = [(None, {}), *((id, {"services": {"planted": {key: value for key, value in {**SOUND, **wrong}.items() if value is not None}}}) for id, wrong in (
    (None, {}), ("no-memory-limit", {"mem_limit": None}), ("memory-limit-too-small", {"mem_limit": "5m"}), ("memswap-below-memory", {"memswap_limit": "32m"}),
    ("cpus-and-quota", {"cpu_quota": 50000}), ("no-health-check", {"healthcheck": None}), ("probe-localhost", {"healthcheck": {**PROBE, "test": ["CMD", "wget", "-q", "-O", "/dev/null", "http://localhost/"]}}),
    ("timeout-not-below-interval", {"healthcheck": {**PROBE, "timeout": "30s"}}), ("pin-unreadable", {"x-pilotpros": {"pin": {"memory": "plenty"}}}), ("wish-unknown", {"x-pilotpros": {"pin": {"memmory": "512m"}}}),
    ("development-server", {"command": "npx vite", "ports": ["8099:80"]}))), ("fixed-subnet", {"networks": {"planted": {"ipam": {"config": [{"subnet": "172.31.250.0/24"}]}}}, "services": {"planted": {**SOUND, "networks": ["planted"]}}})]

# Rows that a Compose file can show: the others are nginx's, a Dockerfile's, or of no file. Row 8 only the image can tell.
ROWS = {*range(1, 8), 9, 17, 18, *range(20, 29), 30, 31, *range(35, 39), 42}


def defect(index):
    _, service, finding, gone, come = DEFECTS[index]
    text = (CORPUS / "recipe-corrected" / "compose.yaml").read_text()
    changed = text if gone is None else gone.sub(come, text, count=1) if isinstance(gone, re.Pattern) else text.replace(gone, come, 1)
    if gone is not None and changed == text:
        return finding, ["nothing was planted"]
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch) / "project"
        shutil.copytree(CORPUS / "recipe-corrected", copy)
        (copy / "compose.yaml").write_text(changed)
        if gone is None:
            (copy / "compose.override.yaml").write_text(come)
        complaints = difference(lint(copy), [(service, finding)])
        # Piped in it is the same project.
        piped = ["-f", "-", *(["-f", "compose.override.yaml"] if gone is None else [])]
        complaints += ["piped in: " + one for one in difference(lint(copy, *piped, text=changed), [(service, finding)])]
        return f"{service or 'the project'}: {finding}", complaints


def everywhere(folder):
    expected = json.loads((folder / "expected.json").read_text())
    wanted = [(f["service"], f["id"]) for f in expected["findings"] for _ in range(f.get("times", 1))]
    complaints, files = [], files_of(folder)
    with tempfile.TemporaryDirectory() as scratch:
        beside, copy = pathlib.Path(scratch) / "planted.yaml", pathlib.Path(scratch) / folder.name
        shutil.copytree(folder, copy)
        for id, planted in EVERYWHERE:
            words = selectors(files)
            if "no_override" in expected:  # into its own file, where Compose takes no second one
                text = re.sub("^services:$", "services:" + "".join(f"\n  {name}: {json.dumps(one)}" for name, one in planted.get("services", {}).items()),
                              (folder / files[0]).read_text(), count=1, flags=re.M)
                (copy / files[0]).write_text(text + (f"\nnetworks: {json.dumps(planted['networks'])}\n" if "networks" in planted else ""))
            else:
                beside.write_text(json.dumps(planted))
                words += ["-f", str(beside)]
            one = [] if id is None else [("" if id == "fixed-subnet" else "planted", id)]
            complaints += [f"{id or 'nothing'} planted: {what}" for what in difference(lint(copy, *words), sorted(wanted + one))]
    return folder.name, complaints


# A fix that says what to take out besides is none of lines alone. What may be told of next: a limit that holds the flag may not hold the rest that a query
# needs, and a volume that is named in a second file hides the one without a name of the first.
NEXT = {("memory-flag-above-limit", "postgres-worst-case-over-limit"), ("data-on-anonymous-volume", "data-mount-replaced")}


def snippet(fix):
    """The lines of Compose in a fix; none where a size is for somebody to find."""
    lines = fix.split("\n")
    begin = next((i for i, line in enumerate(lines) if line.strip() == "services:"), None)
    if begin is None or "SIZE" in fix or re.search(r"\btake\b", fix):
        return None
    depth = len(lines[begin]) - len(lines[begin].lstrip())
    end = next((i for i in range(begin + 1, len(lines)) if not lines[i].startswith(" " * (depth + 1)) and lines[i] != " " * depth + "volumes:"), len(lines))
    return "\n".join(line[depth:] for line in lines[begin:end]) + "\n"


def told(folder, *words):
    done = run(folder, "tune", "--lint", "--format", "json", *words)
    return json.loads(done.stdout)["findings"] if done.returncode in (0, 6) else done.stderr.strip()


def fixes(folder):
    """Each fix over the project; how many there were."""
    words, complaints, laid = selectors(files_of(folder)), [], 0
    found = told(folder, *words)
    before = [(f["service"], f["id"]) for f in found]
    with tempfile.TemporaryDirectory() as scratch:
        for finding in found:
            lines = snippet(finding["fix"])
            if lines is None:
                continue
            laid += 1
            beside = pathlib.Path(scratch) / "fix.yaml"
            beside.write_text(lines)
            after = told(folder, *words, "-f", str(beside))
            one = (finding["service"], finding["id"])
            if isinstance(after, str):
                complaints.append(f"{one}: {after}")
                continue
            now = [(f["service"], f["id"]) for f in after if RANKS.index(f["severity"]) > 0]
            if now.count(one) >= before.count(one):
                complaints.append(f"{one}: still there")
            complaints += [f"{one}: now there is {new}" for new in sorted(set(now) - set(before)) if (finding["id"], new[1]) not in NEXT]
    return folder.name, complaints, laid


def covered():
    """Nobody writes a rule, and nobody expects a finding, without a defect that shows it alone."""
    planted, rows = {finding for _, _, finding, _, _ in DEFECTS}, {row for row, *_ in DEFECTS if row}
    rules = set(re.findall(r"^## (\S+)$", (CORPUS.parent.parent / "docs" / "lint.md").read_text(), re.M)) - OF_IMAGES
    expected = {f["id"] for path in CORPUS.glob("*/expected.json") for f in json.loads(path.read_text())["findings"]}
    return f"{len(rules)} rules, {len(expected | rules)} findings, {len(ROWS)} rows", [
        *(f"no defect is planted for {id}" for id in sorted((rules | expected) - planted)),
        *(f"no defect is planted for row {row}" for row in sorted(ROWS - rows)), *(f"row {row} is none that a file shows" for row in sorted(rows - ROWS)),
        *(["docs/lint.md names no rule"] if not rules else [])]


def sees():
    found = [("a", "x"), ("a", "x"), ("b", "y")]
    limit = {"id": "no-memory-limit", "severity": PAGE["no-memory-limit"][0], "source": PAGE["no-memory-limit"][2], "harm": PAGE["no-memory-limit"][3]}
    return "the comparison", [what for what, wrong in (
        ("a finding too many", not difference(found, found[1:])), ("one too few", not difference(found[1:], found)),
        ("a false alarm", bool(difference(found, found))), ("one that the page has not", not unlike_page({**limit, "id": "x"})),
        ("another severity", not unlike_page({**limit, "severity": "note"})), ("another source", not unlike_page({**limit, "source": "x"})), ("another harm", not unlike_page({**limit, "harm": "x"})),
        ("a false alarm of the page", bool(unlike_page(limit)))) if wrong]


def overrides(hows):
    """How many merged, and which project has none."""
    merged = {how: list(hows.values()).count(how) for how in ("as advised", "with a pin")}
    without = sorted(f"{how}: {name}" for name, how in hows.items() if how not in merged)
    return "; ".join([f"{sum(merged.values())} overrides merged ({', '.join(f'{number} {how}' for how, number in merged.items())})", *without])


said = ""
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    if WHAT == "projects":
        done = list(pool.map(project, sorted(p.parent for p in CORPUS.glob("*/expected.json") if not sys.argv[3:] or p.parent.name in sys.argv[3:])))
        results, said = [one[:2] for one in done], overrides({name: how for name, _, how in done})
    elif WHAT == "everywhere":
        results = list(pool.map(everywhere, sorted(p.parent for p in CORPUS.glob("*/expected.json") if not sys.argv[3:] or p.parent.name in sys.argv[3:])))
        said = f"{len(results) * sum(id is not None for id, _ in EVERYWHERE)} defects"
    elif WHAT == "fixes":
        done = list(pool.map(fixes, sorted(p.parent for p in CORPUS.glob("*/expected.json") if "no_override" not in p.read_text() and (not sys.argv[3:] or p.parent.name in sys.argv[3:]))))
        results, said = [one[:2] for one in done], f"{sum(one[2] for one in done)} fixes"
    elif WHAT == "defects":
        results = list(pool.map(defect, [i for i, one in enumerate(DEFECTS) if not sys.argv[3:] or one[2] in sys.argv[3:]]))
    elif WHAT == "covered":
        results = [covered()]
        said = results[0][0]
    else:
        results = [sees()]
failed = [(name, complaints) for name, complaints in results if complaints]
for name, complaints in failed:
    print(name, *complaints, sep="\n    ")
print("; ".join([f"{len(results) - len(failed)} of {len(results)}", *filter(None, [said])]))
sys.exit(bool(failed) or not results)
