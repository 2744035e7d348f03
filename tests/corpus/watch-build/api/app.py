from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

api = Starlette(routes=[Route("/up", lambda request: PlainTextResponse("up"))])
