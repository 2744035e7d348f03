import http from "node:http";
http.get("http://127.0.0.1:3001/", (r) => process.exit(r.statusCode < 400 ? 0 : 1)).on("error", () => process.exit(1));
