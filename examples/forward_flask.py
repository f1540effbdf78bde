"""Forward a streamed run to a browser, event by event, with Flask.

    pip install flask
    SIM_API_KEY=... python examples/forward_flask.py
    curl -N http://127.0.0.1:5000/stream-workflow
"""

import json
import os

from flask import Flask, Response, stream_with_context

from simstudio import SimStudioClient, SimStudioError

app = Flask(__name__)
client = SimStudioClient(os.getenv("SIM_API_KEY"), os.getenv("SIM_BASE_URL", "https://sim.ai"))


@app.route("/stream-workflow")
def stream_workflow():
    stream = client.stream_workflow(
        "workflow-id", {"message": "Generate a story"}, selected_outputs=["agent1.content"]
    )
    try:
        stream.__enter__()  # sends the request: what fails before the stream has its own status
    except SimStudioError as error:
        return {"error": str(error), "code": error.code}, error.status or 502

    def generate():
        with stream:
            try:
                for event in stream:
                    yield "data: %s\n\n" % event.raw
                    if event.type in ("final", "done"):
                        print("Execution complete:", stream.result().metadata)
            except SimStudioError as error:
                print("Execution failed:", error)
                if error.code != "EXECUTION_ERROR":  # which the last event has told already
                    told = json.dumps({"event": "error", "error": str(error)})
                    yield "data: %s\n\n" % told

    return Response(stream_with_context(generate()), mimetype="text/event-stream")


if __name__ == "__main__":
    app.run()
