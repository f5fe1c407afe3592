"""The second of two stages: a learnt ranker over the candidates that the generators have found."""

from __future__ import annotations

from recommender.ranking.features import RankingFeatures
from recommender.ranking.lambdarank import LambdaRank
from recommender.ranking.training import RankerChoice, RankerTraining, learn_ranker

__all__ = ["LambdaRank", "RankerChoice", "RankerTraining", "RankingFeatures", "learn_ranker"]
