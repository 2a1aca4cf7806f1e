"""Embeds and tags an audio file: example.py HOST:PORT FILE (run_example.sh makes the stubs that it needs).

TIMBRE_TLS_CA: PEM file of the authority, for a server with TLS. TIMBRE_TOKEN: a bearer token, for one that wants it.
"""
import os
import sys

import grpc
from timbre.v1 import audio_pb2, inference_service_pb2, inference_service_pb2_grpc


def connect(address):
    # A proxy in the environment must not catch calls to this machine.
    options = [("grpc.enable_http_proxy", 0), ("grpc.max_send_message_length", 64 << 20)]
    if "TIMBRE_TLS_CA" not in os.environ:
        return grpc.insecure_channel(address, options=options)
    with open(os.environ["TIMBRE_TLS_CA"], "rb") as authority:
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(authority.read()), options=options)


def main():
    address, path = sys.argv[1:3]
    token = os.environ.get("TIMBRE_TOKEN")
    call = {"timeout": 60, "metadata": [("authorization", f"Bearer {token}")] if token else []}
    with open(path, "rb") as file:
        audio = audio_pb2.Audio(encoded=file.read())
    with connect(address) as channel:
        timbre = inference_service_pb2_grpc.InferenceServiceStub(channel)
        embedded = timbre.Embed(inference_service_pb2.EmbedRequest(audio=audio), **call)
        print(f"model {embedded.model.model_version}, space {embedded.model.embedding_space_id}")
        print(f"{embedded.audio_seconds:.2f} s, {embedded.window_count} windows")
        values = embedded.embedding.values
        print(f"embedding of {len(values)} numbers: " + " ".join(f"{x:.4f}" for x in values[:4]) + " ...")
        tagged = timbre.Tag(inference_service_pb2.TagRequest(audio=audio, top_count=5), **call)
        for score in tagged.tags:
            print(f"{score.probability:.3f}  {score.tag}")


if __name__ == "__main__":
    try:
        main()
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
