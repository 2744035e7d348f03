#include <catch2/catch.hpp>

#include "tests/unit/lint/lint_cases.h"

using namespace pilotpros;
using namespace pilotpros::testing;

TEST_CASE("a development server that everybody reaches is told", "[lint]") {
    const auto says = [](const std::string& command, const std::string& ports) {
        return lint_of("services:\n  web:\n    image: shop/web\n    command: " + command + "\n    ports: " + ports +
                       "\n")
            .says("development-server");
    };
    CHECK(says("npx vite --host 0.0.0.0", "['5173:5173']"));
    CHECK(says("[sh, -c, 'node_modules/.bin/vite --host']", "['5173:5173']"));
    CHECK(says("next dev -p 3000", "['3000:3000']"));
    CHECK(says("python manage.py runserver 0.0.0.0:8000", "['8000:8000']"));
    CHECK(says("uvicorn app:app --reload", "[{target: 8000, published: '8000'}]"));
    CHECK(says("[sh, -ec, 'npm ci && exec npx vite --host']", "['5173:5173']"));
    CHECK(says("node --watch server.js", "['3000:3000']"));
    CHECK_FALSE(says("npx vite build", "['5173:5173']"));
    CHECK_FALSE(says("next start", "['3000:3000']"));
    CHECK_FALSE(says("uvicorn app:app", "['8000:8000']"));
    CHECK_FALSE(says("npx vite --host", "['127.0.0.1:5173:5173']"));
    CHECK_FALSE(says("npx vite --host", "['${WHERE}:5173']"));
    CHECK_FALSE(says("npx vite --host", "['5173']"));
    CHECK_FALSE(says("npx vite --host", "[]"));
    SECTION("also behind a package manager's script that is named like one") {
        for (const char* command : {"npm run dev", "npm run start-watch", "npm --prefix web run dev -- --host",
                                    "yarn dev", "pnpm run dev:web", "bun run start:dev",
                                    "[sh, -c, 'npm ci && npm run dev']", "[sh, -c, 'yarn; yarn dev']"}) {
            CAPTURE(command);
            CHECK(says(command, "['3000:3000']"));
            CHECK_FALSE(says(command, "['127.0.0.1:3000:3000']"));
        }
        for (const char* command : {"npm start", "npm run start", "npm run build:dev", "yarn start", "npm run serve",
                                    "pnpm run test:watch", "[sh, -c, 'npm run build && node dev']", "npm dev"}) {
            CAPTURE(command);
            CHECK_FALSE(says(command, "['3000:3000']"));
        }
    }
    SECTION("and told as what a name shows") {
        const Finding named = lint_of("services:\n  web:\n    command: npm run dev\n    ports: ['3000:3000']\n")
                                  .finding("development-server");
        CHECK(named.severity == Finding::Severity::kNote);
        CHECK(contains(named.what, "by its name npm run dev"));
    }
}
