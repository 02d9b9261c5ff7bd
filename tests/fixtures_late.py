"""Tiny late-interaction models and rerankers with random weights, built on the spot.

`plain` makes a model whose every token depends on its own patch of the picture alone, so
that what it sees can be foretold.
"""

from __future__ import annotations

import pytest
from fixtures_models import SMALL, byte_level_tokenizer
from tiny_language import build_vlm

PATCH = 16


def _tokenizer(specials, **roles):
    return byte_level_tokenizer(specials, template="$A", max_length=2048, roles=roles)


def build_colpali(folder, *, plain=False):
    """Write a ColPali of 16-dimensional vectors: pictures of 64 x 64 pixels, 16 places."""
    import torch
    from transformers import (
        ColPaliConfig,
        ColPaliForRetrieval,
        ColPaliProcessor,
        PaliGemmaConfig,
        SiglipImageProcessor,
    )

    torch.manual_seed(0)
    tokenizer = _tokenizer(
        ["<pad>", "<eos>", "<bos>", "<unk>"], pad="<pad>", eos="<eos>", bos="<bos>", unk="<unk>"
    )
    pictures = SiglipImageProcessor(size={"height": 64, "width": 64})
    pictures.image_seq_length = 16
    processor = ColPaliProcessor(pictures, tokenizer)
    text = {
        "model_type": "gemma",
        **SMALL,
        "vocab_size": len(processor.tokenizer),
        "num_key_value_heads": 1,
        "head_dim": 16,
        "max_position_embeddings": 512,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {
        "model_type": "siglip_vision_model",
        **SMALL,
        "image_size": 64,
        "patch_size": PATCH,
        "vision_use_head": False,
        "projection_dim": 32,
    }
    vlm = PaliGemmaConfig(
        text_config=text,
        vision_config=vision,
        projection_dim=32,
        hidden_size=32,
        image_token_index=processor.image_token_id,
        image_token_id=processor.image_token_id,
    )
    model = ColPaliForRetrieval(ColPaliConfig(vlm_config=vlm, embedding_dim=16))
    return _written(folder, model, processor, plain=plain)


def build_colqwen2(folder, *, plain=False):
    """Write a ColQwen2 of 16-dimensional vectors: as many places as a picture's shape asks for."""
    import torch
    from transformers import (
        ColQwen2Config,
        ColQwen2ForRetrieval,
        ColQwen2Processor,
        Qwen2VLConfig,
        Qwen2VLImageProcessor,
    )

    torch.manual_seed(0)
    tokenizer = _tokenizer(
        [
            "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>",
            "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>",
        ],
        eos="<|im_end|>",
        pad="<|endoftext|>",
    )  # fmt: skip
    number = tokenizer.convert_tokens_to_ids
    sizes = {"shortest_edge": 28 * 28 * 4, "longest_edge": 28 * 28 * 24}
    processor = ColQwen2Processor(Qwen2VLImageProcessor(size=sizes), tokenizer)
    text = {
        **SMALL,
        "vocab_size": len(processor.tokenizer),
        "num_key_value_heads": 1,
        "max_position_embeddings": 2048,
        "bos_token_id": number("<|endoftext|>"),
        "eos_token_id": number("<|im_end|>"),
        "pad_token_id": number("<|endoftext|>"),
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000.0,
            "mrope_section": [2, 3, 3],
        },
    }
    vision = {
        "depth": 2,
        "embed_dim": 32,
        "hidden_size": 32,
        "num_heads": 2,
        "mlp_ratio": 2,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
    }
    vlm = Qwen2VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=number("<|image_pad|>"),
        video_token_id=number("<|video_pad|>"),
        vision_start_token_id=number("<|vision_start|>"),
        vision_end_token_id=number("<|vision_end|>"),
    )
    model = ColQwen2ForRetrieval(ColQwen2Config(vlm_config=vlm, embedding_dim=16))
    return _written(folder, model, processor, plain=plain)


def build_colmodernvbert(folder, *, plain=False):
    """Write a ColModernVBERT of 16-dimensional vectors, which cuts pictures into squares."""
    import torch
    from transformers import (
        ColModernVBertConfig,
        ColModernVBertForRetrieval,
        ColModernVBertProcessor,
        Idefics3ImageProcessor,
        ModernVBertConfig,
    )

    torch.manual_seed(0)
    marks = [f"<row_{row}_col_{col}>" for row in range(1, 7) for col in range(1, 7)]
    tokenizer = _tokenizer(
        [
            "[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "<fake_token_around_image>", "<image>",
            "<end_of_utterance>", "<global-img>", *marks,
        ],
        pad="[PAD]",
        unk="[UNK]",
    )  # fmt: skip
    pictures = Idefics3ImageProcessor(
        size={"longest_edge": 256}, max_image_size={"longest_edge": 64}
    )
    processor = ColModernVBertProcessor(pictures, tokenizer, image_seq_len=4)
    text = {
        "model_type": "modernbert",
        **SMALL,
        "vocab_size": len(processor.tokenizer),
        "max_position_embeddings": 2048,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "cls_token_id": 0,
        "sep_token_id": 1,
    }
    vision = {
        "model_type": "siglip_vision_model",
        **SMALL,
        "image_size": 64,
        "patch_size": PATCH,
    }
    vlm = ModernVBertConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=processor.image_token_id,
        pixel_shuffle_factor=2,
    )
    model = ColModernVBertForRetrieval(ColModernVBertConfig(vlm_config=vlm, embedding_dim=16))
    return _written(folder, model, processor, plain=plain)


def build_reranker(folder):
    """Write a cross-encoder from a tiny BERT with one score."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    tokenizer = byte_level_tokenizer(
        ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"],
        template="[CLS] $A [SEP]",
        max_length=64,
        roles={"cls": "[CLS]", "sep": "[SEP]", "pad": "[PAD]", "unk": "[UNK]", "mask": "[MASK]"},
    )
    config = BertConfig(
        **SMALL, vocab_size=len(tokenizer), max_position_embeddings=64, num_labels=1
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def build_seeing_reranker(folder):
    """Write a cross-encoder that reads texts and pictures, from a tiny Idefics3.

    Its score is how much likelier "y" is than "n" as the next word, as in Qwen3-VL-Reranker.
    """
    from sentence_transformers import CrossEncoder
    from sentence_transformers.cross_encoder.modules import LogitScore, Transformer

    plain = build_vlm(folder.with_name(f"{folder.name}-plain"))
    reader = Transformer(str(plain), transformer_task="any-to-any")
    yes, no = (reader.tokenizer.convert_tokens_to_ids(letter) for letter in "yn")
    CrossEncoder(modules=[reader, LogitScore(yes, no)]).save_pretrained(str(folder))
    return folder


def _written(folder, model, processor, *, plain):
    if plain:
        make_plain(model)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


# The last matrix of each block that mixes tokens or bends them, by the models' own names.
_MIXING = (
    "out_proj.weight", "o_proj.weight", "fc2.weight", "down_proj.weight", "Wo.weight",
    "attn.proj.weight",
)  # fmt: skip


def make_plain(model):
    """Zero what every layer adds, so that a token says what its own patch or word is, alone."""
    import torch

    with torch.no_grad():
        for name, weight in model.named_parameters():
            # The connector between picture and text stays as it is.
            if "merger" in name or "connector" in name:
                continue
            mixes = name.endswith(_MIXING) or name.endswith(
                tuple(one.replace("weight", "bias") for one in _MIXING)
            )
            if mixes or "position_embedding" in name:
                weight.zero_()
            elif "embed" in name and weight.dim() == 2:
                # Padding has a vector of zeros, which alone has no direction.
                weight[weight.abs().sum(dim=1) == 0] = 1.0


@pytest.fixture(scope="session")
def tiny_colpali_folder(tmp_path_factory):
    return build_colpali(tmp_path_factory.mktemp("models") / "tiny-colpali")


@pytest.fixture(scope="session")
def tiny_colqwen2_folder(tmp_path_factory):
    return build_colqwen2(tmp_path_factory.mktemp("models") / "tiny-colqwen2")


@pytest.fixture(scope="session")
def tiny_colmodernvbert_folder(tmp_path_factory):
    return build_colmodernvbert(tmp_path_factory.mktemp("models") / "tiny-colmodernvbert")


@pytest.fixture(scope="session")
def tiny_reranker_folder(tmp_path_factory):
    return build_reranker(tmp_path_factory.mktemp("models") / "tiny-reranker")


@pytest.fixture(scope="session")
def tiny_seeing_reranker_folder(tmp_path_factory):
    return build_seeing_reranker(tmp_path_factory.mktemp("models") / "tiny-seeing-reranker")
