"""What the three apps have in common: the SDK's set-up, and the calls of /backend."""

import json
import os
import sys
import threading

from supertokens_python import InputAppInfo, SupertokensConfig, init
from supertokens_python.recipe import session
from supertokens_python.recipe.session import asyncio as functions
from supertokens_python.types import RecipeUserId


def start_sdk(framework, mode):
    settings = json.loads(os.environ["COMPAT_APP"])
    init(
        app_info=InputAppInfo(
            app_name="compat",
            api_domain="http://localhost:3001",
            website_domain="http://localhost:3000",
        ),
        supertokens_config=SupertokensConfig(
            connection_uri=settings["coreUrl"], api_key=settings["apiKey"]
        ),
        framework=framework,
        mode=mode,
        recipe_list=[
            session.init(
                anti_csrf=settings["antiCsrf"],
                use_dynamic_access_token_signing_key=settings["dynamicKeys"],
            )
        ],
    )


async def log_in(request, body):
    return await functions.create_new_session(
        request,
        body["tenantId"],
        RecipeUserId(body["userId"]),
        body.get("payload"),
        body.get("data"),
    )


def describe(found):
    return {
        "userId": found.get_user_id(),
        "handle": found.get_handle(),
        "tenantId": found.get_tenant_id(),
        "payload": found.get_access_token_payload(),
    }


async def find(body):
    found = await functions.get_session_information(body["handle"])
    if found is None:
        return None
    return {
        "userId": found.user_id,
        "tenantId": found.tenant_id,
        "payload": found.custom_claims_in_access_token_payload,
        "data": found.session_data_in_database,
    }


async def create_jwt(body):
    made = await functions.create_jwt(body["claims"], 60, body["isStatic"])
    return made.jwt


BACKEND = {
    "find": find,
    "createJwt": create_jwt,
    "mergeClaims": lambda body: functions.merge_into_access_token_payload(
        body["handle"], body["claims"]
    ),
    "setData": lambda body: functions.update_session_data_in_database(
        body["handle"], body["data"]
    ),
    "list": lambda body: functions.get_all_session_handles_for_user(
        body["userId"], True, body.get("tenantId")
    ),
    "revoke": lambda body: functions.revoke_session(body["handle"]),
    "revokeMany": lambda body: functions.revoke_multiple_sessions(body["handles"]),
    "revokeAll": lambda body: functions.revoke_all_sessions_for_user(
        body["userId"], True, body.get("tenantId")
    ),
}


async def call_backend(body):
    return {"result": await BACKEND[body["call"]](body)}


def say_port(port):
    print(f"listening on {port}", flush=True)


def end_with_parent():
    """The tests hold the other end of the input: the app ends when they do."""

    def wait():
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
