"""The systems whose rules are here: their defaults, as data.

Sources: Open Model Zoo's bert_question_answering_demo with Model API; NeMo 1.0, QAModel; Hugging
Face's run_squad.py with squad_metrics and run_qa.py with utils_qa; farm-haystack 1.26, FARMReader;
haystack-ai 2.10, ExtractiveReader; Transformers 4.48, QuestionAnsweringPipeline.
"""

from collections.abc import Mapping

from .types import Profile, ProfileName

PROFILES: Mapping[ProfileName, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            "openvino-demo",
            max_seq_tokens=384,
            max_question_tokens=64,
            stride_tokens=0,
            stride_is="half",
            max_answer_tokens=15,
            n_best=3,
            may_abstain=False,
            is_padded=True,
            reads_lower_case=True,
        ),
        Profile(
            "nemo",
            max_seq_tokens=512,
            max_question_tokens=64,
            stride_tokens=128,
            stride_is="step",
            max_answer_tokens=30,
            n_best=20,
            abstains_by_data=True,
            is_padded=True,
            keeps_best_context=True,
        ),
        Profile(
            "run_squad",
            max_seq_tokens=384,
            max_question_tokens=64,
            stride_tokens=128,
            stride_is="step",
            max_answer_tokens=30,
            n_best=20,
            abstains_by_data=True,
            is_padded=True,
            keeps_best_context=True,
        ),
        Profile(
            "run_qa",
            max_seq_tokens=384,
            max_question_tokens=192,
            stride_tokens=128,
            stride_is="overlap",
            max_answer_tokens=30,
            n_best=20,
            abstains_by_data=True,
            is_padded=True,
        ),
        Profile(
            "haystack1",
            max_seq_tokens=256,
            max_question_tokens=64,
            stride_tokens=128,
            stride_is="step",
            max_answer_tokens=None,
            n_best=3,
            may_abstain=False,
            is_padded=True,
        ),
        Profile(
            "haystack2",
            max_seq_tokens=384,
            max_question_tokens=192,
            stride_tokens=128,
            stride_is="overlap",
            max_answer_tokens=None,
            n_best=20,
            has_segments=False,
        ),
        Profile(
            "hf",
            max_seq_tokens=384,
            max_question_tokens=192,
            stride_tokens=128,
            stride_is="overlap",
            max_answer_tokens=15,
            n_best=1,
            may_abstain=False,
        ),
    )
}
"""Each system with the defaults of its own tool."""
