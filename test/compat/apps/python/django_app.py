"""A Django app in one file, guarded by the Python SDK. What it answers: ../../app-routes.md."""

import json
import socketserver
import sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path
from shared import call_backend, describe, end_with_parent, log_in, say_port, start_sdk
from supertokens_python.async_to_sync_wrapper import sync
from supertokens_python.recipe.session.framework.django.syncio import verify_session

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="nothing here is signed by Django",
    MIDDLEWARE=["supertokens_python.framework.django.django_middleware.middleware"],
    USE_TZ=True,
)
start_sdk("django", "wsgi")


def body_of(request):
    return json.loads(request.body)


def login(request):
    return JsonResponse(describe(sync(log_in(request, body_of(request)))))


@verify_session()
def me(request):
    return JsonResponse(describe(request.supertokens))


@verify_session(check_database=True)
def checked(request):
    return JsonResponse(describe(request.supertokens))


@verify_session()
def claims(request):
    request.supertokens.sync_merge_into_access_token_payload(body_of(request)["claims"])
    return JsonResponse(describe(request.supertokens))


@verify_session()
def data(request):
    if request.method == "GET":
        return JsonResponse(request.supertokens.sync_get_session_data_from_database())
    request.supertokens.sync_update_session_data_in_database(body_of(request)["data"])
    return JsonResponse({})


@verify_session()
def sign_out(request):
    request.supertokens.sync_revoke_session()
    return JsonResponse({})


def backend(request):
    return JsonResponse(sync(call_backend(body_of(request))))


urlpatterns = [
    path("login", login),
    path("me", me),
    path("me/checked", checked),
    path("me/claims", claims),
    path("me/data", data),
    path("me/sign-out", sign_out),
    path("backend", backend),
]


class ThreadedServer(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format, *args):
        pass


# The routes are found in this module by its name, which is not to be run a second time.
sys.modules.setdefault("django_app", sys.modules[__name__])
server = make_server("127.0.0.1", 0, get_wsgi_application(), ThreadedServer, QuietHandler)
say_port(server.server_port)
end_with_parent()
server.serve_forever()
