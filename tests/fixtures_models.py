"""Tiny models with random weights, built on the spot: real loading code, no download.

They test shapes, code paths and agreement between two ways of computing the same thing;
they say nothing about quality.
"""

from __future__ import annotations

import pytest

TEXTS = [
    "a photo of a cat", "a photo of a dog", "red running shoes", "fresh orange juice",
    "the quarterly revenue table", "a red square on a blue background", "yellow fruit",
]  # fmt: skip

SMALL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}


def byte_level_tokenizer(specials, *, template, max_length, roles, size=400):
    """Return a fast tokenizer whose byte-level vocabulary covers any text.

    `roles` says which special token marks the end, pads, and so on; `size` is how many tokens
    there are at most.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(specials),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS * 3, trainer)
    used = [(token, tokenizer.token_to_id(token)) for token in specials if token in template]
    tokenizer.post_processor = processors.TemplateProcessing(single=template, special_tokens=used)
    named = {f"{role}_token": token for role, token in roles.items()}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=max_length, **named)


def token_ids(tokenizer):
    return {
        "bos_token_id": tokenizer.bos_token_id or 0,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def build_clip(folder, seed=0):
    """Write a CLIP with 32-dimensional vectors and pictures of 64 x 64 pixels."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

    torch.manual_seed(seed)
    start, end = "<|startoftext|>", "<|endoftext|>"
    tokenizer = byte_level_tokenizer(
        [start, end],
        template=f"{start} $A {end}",
        max_length=77,
        roles={"bos": start, "eos": end, "pad": end, "unk": end},
    )
    config = CLIPConfig(
        text_config={
            **SMALL,
            **token_ids(tokenizer),
            "vocab_size": len(tokenizer),
            "max_position_embeddings": 77,
            "projection_dim": 32,
        },
        vision_config={**SMALL, "image_size": 64, "patch_size": 16, "projection_dim": 32},
        projection_dim=32,
    )
    CLIPModel(config).save_pretrained(folder)
    pictures = CLIPImageProcessor(size={"shortest_edge": 64}, crop_size={"height": 64, "width": 64})
    CLIPProcessor(pictures, tokenizer).save_pretrained(folder)
    return folder


def build_siglip(folder):
    """Write a SigLIP (the class of SigLIP 2 with fixed resolution, too)."""
    import torch
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel, SiglipProcessor

    torch.manual_seed(0)
    tokenizer = byte_level_tokenizer(
        ["<pad>", "</s>", "<unk>"],
        template="$A </s>",
        # Published SigLIP 2 tokenizers know no limit of their own either.
        max_length=1_000_000,
        roles={"eos": "</s>", "pad": "</s>", "unk": "<unk>"},
    )
    config = SiglipConfig(
        text_config={
            **SMALL,
            **token_ids(tokenizer),
            "vocab_size": len(tokenizer),
            "max_position_embeddings": 16,
            "projection_size": 32,
        },
        vision_config={**SMALL, "image_size": 64, "patch_size": 16},
    )
    SiglipModel(config).save_pretrained(folder)
    pictures = SiglipImageProcessor(size={"height": 64, "width": 64})
    SiglipProcessor(pictures, tokenizer).save_pretrained(folder)
    return folder


def build_naflex(folder):
    """Write a SigLIP 2 of flexible resolution, whose processor cuts pictures into patches."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import (
        Siglip2Config,
        Siglip2ImageProcessor,
        Siglip2Model,
        Siglip2Processor,
        Siglip2Tokenizer,
    )

    torch.manual_seed(0)
    # AutoTokenizer insists on this class, which keeps only the vocabulary and the merges.
    trained = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True))
    trained.normalizer = normalizers.Replace(" ", "\u2581")
    trained.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    trained.train_from_iterator(
        TEXTS * 3,
        trainers.BpeTrainer(vocab_size=500, special_tokens=specials + bytes_, show_progress=False),
    )
    import json

    model = json.loads(trained.to_str())["model"]
    tokenizer = Siglip2Tokenizer(
        vocab=model["vocab"], merges=[tuple(pair) for pair in model["merges"]], model_max_length=64
    )
    tokenizer._tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <eos>", special_tokens=[("<eos>", 1)]
    )
    config = Siglip2Config(
        text_config={
            **SMALL,
            **token_ids(tokenizer),
            "vocab_size": len(tokenizer),
            "max_position_embeddings": 64,
            "projection_size": 32,
        },
        vision_config={**SMALL, "num_patches": 64, "patch_size": 16},
    )
    Siglip2Model(config).save_pretrained(folder)
    pictures = Siglip2ImageProcessor(patch_size=16, max_num_patches=64)
    Siglip2Processor(pictures, tokenizer).save_pretrained(folder)
    return folder


def build_text(folder):
    """Write a BERT-like sentence-transformers model with a prompt for queries."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    tokenizer = byte_level_tokenizer(
        ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"],
        template="[CLS] $A [SEP]",
        max_length=64,
        roles={
            "cls": "[CLS]",
            "sep": "[SEP]",
            "pad": "[PAD]",
            "unk": "[UNK]",
            "mask": "[MASK]",
        },
    )
    config = BertConfig(**SMALL, vocab_size=len(tokenizer), max_position_embeddings=64)
    bare = folder.with_name(f"{folder.name}-bare")
    BertModel(config).save_pretrained(bare)
    tokenizer.save_pretrained(bare)
    transformer = Transformer(str(bare))
    model = SentenceTransformer(
        modules=[transformer, Pooling(32)],
        prompts={"query": "query: ", "document": ""},
        device="cpu",
    )
    model.save(str(folder), create_model_card=False)
    return folder


@pytest.fixture(scope="session")
def tiny_clip_folder(tmp_path_factory):
    return build_clip(tmp_path_factory.mktemp("models") / "tiny-clip")


@pytest.fixture(scope="session")
def tiny_siglip_folder(tmp_path_factory):
    return build_siglip(tmp_path_factory.mktemp("models") / "tiny-siglip")


@pytest.fixture(scope="session")
def tiny_naflex_folder(tmp_path_factory):
    return build_naflex(tmp_path_factory.mktemp("models") / "tiny-naflex")


@pytest.fixture(scope="session")
def tiny_text_folder(tmp_path_factory):
    return build_text(tmp_path_factory.mktemp("models") / "tiny-text")
