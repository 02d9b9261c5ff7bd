"""Language models for tests: tiny ones with random weights, and a server that can misbehave.

The weights are random, so what they write is noise: they show that loading, streaming,
stopping and pictures work, and nothing of quality.
"""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from dataclasses import dataclass, field

from fixtures_models import SMALL, byte_level_tokenizer, token_ids

TEMPLATE = (
    "<|im_start|>{% for m in messages %}{{ m['role'] | capitalize }}:"
    "{% if m['content'] is string %}{{ ' ' + m['content'] }}{% else %}"
    "{% for c in m['content'] %}{% if c['type'] == 'image' %}<image>"
    "{% else %}{{ ' ' + c['text'] }}{% endif %}{% endfor %}{% endif %}<end_of_utterance>\n"
    "{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)
MARKS = [
    "<|im_start|>", "<end_of_utterance>", "<pad>", "<unk>", "<fake_token_around_image>",
    "<image>", "<global-img>",
]  # fmt: skip
TILES = [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)]
ROLES = {"bos": "<|im_start|>", "eos": "<end_of_utterance>", "pad": "<pad>", "unk": "<unk>"}
WINDOW = 8192


def build_vlm(folder, *, smolvlm=False):
    """Write an Idefics3 (or a SmolVLM, which is alike), a model that reads pictures."""
    import torch
    from transformers import (
        Idefics3Config,
        Idefics3ForConditionalGeneration,
        Idefics3ImageProcessor,
        Idefics3Processor,
        SmolVLMConfig,
        SmolVLMForConditionalGeneration,
    )

    torch.manual_seed(0)
    tokenizer = byte_level_tokenizer(
        [*MARKS, *TILES], template="$A", max_length=WINDOW, roles=ROLES
    )
    tokenizer.add_special_tokens({"additional_special_tokens": MARKS})
    pictures = Idefics3ImageProcessor(
        size={"longest_edge": 128}, max_image_size={"longest_edge": 64}
    )
    processor = Idefics3Processor(pictures, tokenizer, image_seq_len=4, chat_template=TEMPLATE)
    ids = token_ids(processor.tokenizer)
    made = (
        (SmolVLMConfig, SmolVLMForConditionalGeneration)
        if smolvlm
        else (
            Idefics3Config,
            Idefics3ForConditionalGeneration,
        )
    )
    config = made[0](
        text_config={
            **SMALL,
            **ids,
            "model_type": "llama",
            "vocab_size": len(processor.tokenizer),
            "num_key_value_heads": 1,
            "max_position_embeddings": WINDOW,
        },
        vision_config={**SMALL, "image_size": 64, "patch_size": 16},
        scale_factor=2,
        image_token_id=processor.image_token_id,
        pad_token_id=ids["pad_token_id"],
        tie_word_embeddings=False,
    )
    model = made[1](config)
    model.generation_config.update(**ids)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    if smolvlm:
        file = folder / "processor_config.json"
        said = json.loads(file.read_text())
        file.write_text(json.dumps({**said, "processor_class": "SmolVLMProcessor"}))
    return folder


def build_writer(folder, *, template=TEMPLATE):
    """Write a Llama, a model that reads texts alone."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    tokenizer = byte_level_tokenizer(MARKS, template="$A", max_length=WINDOW, roles=ROLES)
    tokenizer.chat_template = template
    ids = token_ids(tokenizer)
    config = LlamaConfig(**SMALL, **ids, vocab_size=len(tokenizer), max_position_embeddings=WINDOW)
    model = LlamaForCausalLM(config)
    model.generation_config.update(**ids)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def build_qwen(folder):
    """Write a Qwen2-VL, whose own processor cannot be made without torchvision."""
    import torch
    from transformers import (
        Qwen2VLConfig,
        Qwen2VLForConditionalGeneration,
        Qwen2VLImageProcessor,
    )

    torch.manual_seed(0)
    marks = [
        "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>",
        "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>",
    ]  # fmt: skip
    roles = {"eos": "<|im_end|>", "pad": "<|endoftext|>"}
    tokenizer = byte_level_tokenizer(marks, template="$A", max_length=WINDOW, roles=roles)
    tokenizer.chat_template = (
        "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% for c in m['content'] %}"
        "{% if c['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
        "{% else %}{{ c['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    number = tokenizer.convert_tokens_to_ids
    ids = {
        "bos_token_id": number("<|endoftext|>"),
        "eos_token_id": number("<|im_end|>"),
        "pad_token_id": number("<|endoftext|>"),
    }
    config = Qwen2VLConfig(
        text_config={
            **SMALL,
            **ids,
            "vocab_size": len(tokenizer),
            "num_key_value_heads": 1,
            "max_position_embeddings": WINDOW,
            "rope_parameters": {
                "rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3],
            },
        },
        vision_config={
            "depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 2, "mlp_ratio": 2,
            "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2,
        },
        image_token_id=number("<|image_pad|>"),
        video_token_id=number("<|video_pad|>"),
        vision_start_token_id=number("<|vision_start|>"),
        vision_end_token_id=number("<|vision_end|>"),
    )  # fmt: skip
    model = Qwen2VLForConditionalGeneration(config)
    model.generation_config.update(**ids)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    size = {"shortest_edge": 28 * 28 * 4, "longest_edge": 28 * 28 * 16}
    Qwen2VLImageProcessor(size=size).save_pretrained(folder)
    (folder / "processor_config.json").write_text('{"processor_class": "Qwen2VLProcessor"}')
    return folder


@dataclass
class ChatServer:
    """A server on the loopback that speaks OpenAI's chat protocol, and its faults.

    `script` is what each request gets in turn, the last one ever after: a list of words to
    stream; a number (a status) with what the body says, and headers of its own; a text as a
    web page, or an object as JSON; or "hang" or "drop".
    """

    script: list = field(default_factory=lambda: [["Yes", " [1]", "."]])
    requests: list = field(default_factory=list)
    headers: list = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    address: str = ""

    def next(self):
        return self.script[min(len(self.requests), len(self.script)) - 1]


def _chunk(words, finish=None):
    choice = {"index": 0, "delta": {"content": words} if words else {}, "finish_reason": finish}
    told = {
        "id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m",
        "choices": [choice],
    }  # fmt: skip
    return f"data: {json.dumps(told)}\n\n".encode()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._send(200, "text/html", "<h1>Log in</h1>")

    def do_POST(self):
        server = self.server.chat
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.requests.append(json.loads(body))
        server.headers.append(dict(self.headers))
        what = server.next()
        if isinstance(what, tuple):
            self._refuse(*what)
        elif what == "drop":
            self.close_connection = True
            self.connection.close()
        elif what == "hang":
            server.released.wait(60)
        elif isinstance(what, str):
            self._send(200, "text/html", what)
        elif isinstance(what, dict):
            self._send(200, "application/json", json.dumps(what))
        else:
            self._stream(what, server)

    def _refuse(self, status, message, headers=(("retry-after-ms", "1"),)):
        said = json.dumps({"error": {"message": message, "type": "t", "code": str(status)}})
        self._send(status, "application/json", said, headers)

    def _send(self, status, kind, said, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(said.encode())))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said.encode())

    def _stream(self, words, server):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for word in words:
            if word == "<cut>":
                self.close_connection = True
                self.connection.close()
                return
            if word == "<garbage>":
                self._write(b"data: {not json\n\n")
                continue
            if word == "<wait>":
                server.released.wait(60)
                continue
            self._write(_chunk(word))
        self._write(_chunk("", "length" if words and words[-1] == "" else "stop"))
        self._write(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _write(self, data):
        try:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
        except OSError:
            time.sleep(0)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


class _Server6(_Server):
    address_family = socket.AF_INET6


def whole(text):
    """Return an answer as a server gives it that does not stream."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}}
    return {
        "id": "x", "object": "chat.completion", "created": 0, "model": "m",
        "choices": [{**choice, "finish_reason": "stop"}],
    }  # fmt: skip


def serve(chat, host="127.0.0.1"):
    """Run a chat server until it is shut down; return it."""
    server = (_Server6 if ":" in host else _Server)((host, 0), _Handler)
    server.chat = chat
    named = f"[{host}]" if ":" in host else host
    chat.address = f"http://{named}:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
