"""Tiny models that hear, with random weights: they test code paths, and say nothing of quality."""

from __future__ import annotations

import pytest
from fixtures_models import SMALL, byte_level_tokenizer


def build_clap(folder, seed=0):
    """Write a CLAP with 32-dimensional vectors that listens to two seconds at 16,000 Hz."""
    import torch
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel, ClapProcessor

    torch.manual_seed(seed)
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    roles = {"bos": "<s>", "eos": "</s>", "pad": "<pad>", "unk": "<unk>"}
    tokenizer = byte_level_tokenizer(specials, template="<s> $A </s>", max_length=77, roles=roles)
    text = {
        **SMALL,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 90,
        "projection_dim": 32,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    # The sizes of HTSAT must divide each other.
    sound = {
        "window_size": 4, "num_mel_bins": 16, "spec_size": 64, "patch_size": 4,
        "patch_stride": [4, 4], "num_attention_heads": [2, 2], "depths": [2, 2],
        "hidden_size": 64, "patch_embeds_hidden_size": 32, "projection_dim": 32,
        "enable_fusion": False, "num_classes": 8,
    }  # fmt: skip
    config = ClapConfig(text_config=text, audio_config=sound, projection_dim=32)
    ClapModel(config).save_pretrained(folder)
    ears = ClapFeatureExtractor(
        feature_size=16, sampling_rate=16000, hop_length=160, max_length_s=2,
        fft_window_size=512, truncation="rand_trunc", frequency_max=8000,
    )  # fmt: skip
    ClapProcessor(ears, tokenizer).save_pretrained(folder)
    return folder


def build_whisper(folder, seed=0):
    """Write a Whisper that tells times; what it writes is random."""
    import torch
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperProcessor,
        WhisperTokenizer,
    )

    torch.manual_seed(seed)
    times = [f"<|{at * 0.02:.2f}|>" for at in range(1501)]
    specials = [
        "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|translate|>", "<|transcribe|>",
        "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>", *times,
    ]  # fmt: skip
    end = "<|endoftext|>"
    roles = {"bos": end, "eos": end, "pad": end, "unk": end}
    base = byte_level_tokenizer(specials, template="$A", max_length=64, roles=roles, size=2000)
    number = base.convert_tokens_to_ids
    ends = {
        "bos_token_id": base.eos_token_id,
        "eos_token_id": base.eos_token_id,
        "pad_token_id": base.pad_token_id,
        "decoder_start_token_id": number("<|startoftranscript|>"),
    }
    config = WhisperConfig(
        vocab_size=len(base), num_mel_bins=16, d_model=32, encoder_layers=2, decoder_layers=2,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=64,
        decoder_ffn_dim=64, max_source_positions=1500, max_target_positions=64,
        suppress_tokens=None, begin_suppress_tokens=None, **ends,
    )  # fmt: skip
    model = WhisperForConditionalGeneration(config)
    # Times are most of its tokens: without a liking for words it would say nothing else.
    with torch.no_grad():
        model.model.decoder.embed_tokens.weight[len(specials) :] *= 50
    # Without a generation config that knows languages, generate(language=) raises.
    model.generation_config = GenerationConfig(
        max_length=24, is_multilingual=True, lang_to_id={"<|en|>": number("<|en|>")},
        task_to_id={"transcribe": number("<|transcribe|>"), "translate": number("<|translate|>")},
        no_timestamps_token_id=number("<|notimestamps|>"),
        prev_sot_token_id=number("<|startofprev|>"), max_initial_timestamp_index=50,
        return_timestamps=False, **ends,
    )  # fmt: skip
    model.save_pretrained(folder)
    base.save_pretrained(folder)
    tokenizer = WhisperTokenizer.from_pretrained(folder)
    WhisperProcessor(WhisperFeatureExtractor(feature_size=16), tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_clap_folder(tmp_path_factory):
    return build_clap(tmp_path_factory.mktemp("clap"))


@pytest.fixture(scope="session")
def tiny_whisper_folder(tmp_path_factory):
    return build_whisper(tmp_path_factory.mktemp("whisper"))
