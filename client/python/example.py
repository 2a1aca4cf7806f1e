"""Embeds and tags an audio file: example.py HOST:PORT FILE (run_example.sh makes the stubs that it needs)."""
import sys

import grpc
from timbre.v1 import audio_pb2, inference_service_pb2, inference_service_pb2_grpc


def main():
    address, path = sys.argv[1:3]
    with open(path, "rb") as file:
        audio = audio_pb2.Audio(encoded=file.read())
    # A proxy in the environment must not catch calls to this machine.
    options = [("grpc.enable_http_proxy", 0), ("grpc.max_send_message_length", 64 << 20)]
    with grpc.insecure_channel(address, options=options) as channel:
        timbre = inference_service_pb2_grpc.InferenceServiceStub(channel)
        embedded = timbre.Embed(inference_service_pb2.EmbedRequest(audio=audio), timeout=60)
        print(f"model {embedded.model.model_version}, space {embedded.model.embedding_space_id}")
        print(f"{embedded.audio_seconds:.2f} s, {embedded.window_count} windows")
        values = embedded.embedding.values
        print(f"embedding of {len(values)} numbers: " + " ".join(f"{x:.4f}" for x in values[:4]) + " ...")
        tagged = timbre.Tag(inference_service_pb2.TagRequest(audio=audio, top_count=5), timeout=60)
        for score in tagged.tags:
            print(f"{score.probability:.3f}  {score.tag}")


if __name__ == "__main__":
    try:
        main()
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
