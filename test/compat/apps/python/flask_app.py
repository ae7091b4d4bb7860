"""A Flask app guarded by the Python SDK. What it answers: ../../app-routes.md."""

from flask import Flask, g, jsonify, request
from shared import call_backend, describe, end_with_parent, log_in, say_port, start_sdk
from supertokens_python.async_to_sync_wrapper import sync
from supertokens_python.framework.flask import Middleware
from supertokens_python.recipe.session.framework.flask import verify_session
from werkzeug.serving import make_server

start_sdk("flask", "wsgi")
app = Flask(__name__)
Middleware(app)


@app.post("/login")
def login():
    return jsonify(describe(sync(log_in(request, request.get_json()))))


@app.route("/me", methods=["GET", "POST"])
@verify_session()
def me():
    return jsonify(describe(g.supertokens))


@app.route("/me/checked", methods=["GET", "POST"])
@verify_session(check_database=True)
def checked():
    return jsonify(describe(g.supertokens))


@app.post("/me/claims")
@verify_session()
def claims():
    g.supertokens.sync_merge_into_access_token_payload(request.get_json()["claims"])
    return jsonify(describe(g.supertokens))


@app.get("/me/data")
@verify_session()
def get_data():
    return jsonify(g.supertokens.sync_get_session_data_from_database())


@app.put("/me/data")
@verify_session()
def put_data():
    g.supertokens.sync_update_session_data_in_database(request.get_json()["data"])
    return jsonify({})


@app.post("/me/sign-out")
@verify_session()
def sign_out():
    g.supertokens.sync_revoke_session()
    return jsonify({})


@app.post("/backend")
def backend():
    return jsonify(sync(call_backend(request.get_json())))


server = make_server("127.0.0.1", 0, app, threaded=True)
say_port(server.server_port)
end_with_parent()
server.serve_forever()
