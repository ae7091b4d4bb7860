"""A FastAPI app guarded by the Python SDK. What it answers: ../../app-routes.md."""

import socket

import uvicorn
from fastapi import Depends, FastAPI, Request
from shared import call_backend, describe, end_with_parent, log_in, say_port, start_sdk
from supertokens_python.framework.fastapi import get_middleware
from supertokens_python.recipe.session import SessionContainer
from supertokens_python.recipe.session.framework.fastapi import verify_session

start_sdk("fastapi", "asgi")
app = FastAPI()
app.add_middleware(get_middleware())
guarded = Depends(verify_session())


@app.post("/login")
async def login(request: Request):
    return describe(await log_in(request, await request.json()))


@app.get("/me")
@app.post("/me")
async def me(session: SessionContainer = guarded):
    return describe(session)


@app.get("/me/checked")
@app.post("/me/checked")
async def checked(session: SessionContainer = Depends(verify_session(check_database=True))):
    return describe(session)


@app.post("/me/claims")
async def claims(request: Request, session: SessionContainer = guarded):
    await session.merge_into_access_token_payload((await request.json())["claims"])
    return describe(session)


@app.get("/me/data")
async def get_data(session: SessionContainer = guarded):
    return await session.get_session_data_from_database()


@app.put("/me/data")
async def put_data(request: Request, session: SessionContainer = guarded):
    await session.update_session_data_in_database((await request.json())["data"])
    return {}


@app.post("/me/sign-out")
async def sign_out(session: SessionContainer = guarded):
    await session.revoke_session()
    return {}


@app.post("/backend")
async def backend(request: Request):
    return await call_backend(await request.json())


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
say_port(listener.getsockname()[1])
end_with_parent()
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
