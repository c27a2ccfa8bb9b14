# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.evaluation import MulticlassClassificationEvaluator
from pyspark.ml.tuning import CrossValidator, CrossValidatorModel, ParamGridBuilder

from stoker import InvalidInputError, StokerClassifier, StokerModel, StokerTuner, StokerTunerModel
from stoker._params import ClassifierParams, ModelParams, TunerParams

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@pytest.fixture(scope="module")
def rows(spark: SparkSession, images: Path) -> DataFrame:
    files = spark.read.format("binaryFile").option("recursiveFileLookup", True).load(str(images))
    return files.selectExpr(
        "content AS image", "CAST(path LIKE '%/left/%' AS DOUBLE) AS label"
    ).cache()


def classifier(**params: Any) -> StokerClassifier:
    return StokerClassifier(
        **{
            "inputCol": "image",
            "model": "lenet5",
            "imageChannels": 1,
            "batchSize": 8,
            "localSteps": 3,
            "stepSize": 0.05,
            "maxIter": 6,
            **params,
        }
    )


def accuracy(scored: DataFrame) -> float:
    return MulticlassClassificationEvaluator(metricName="accuracy").evaluate(scored)


def test_the_params_are_those_of_the_java_classes(spark: SparkSession) -> None:
    package = spark._jvm.io.stoker.driver.ml
    for python, java in (
        (ClassifierParams, package.StokerClassifier()),
        (TunerParams, package.StokerTuner()),
        (ModelParams, package.StokerModel()),
    ):
        params = {param.name(): param for param in java.params()}
        assert {param.name: param.doc for param in python().params} == {
            name: param.doc() for name, param in params.items()
        }
        for name, param in params.items():
            default = java.getDefault(param)
            if name in python.DEFAULTS and isinstance(python.DEFAULTS[name], list):
                assert python.DEFAULTS[name] == list(default.get())
            else:
                assert python.DEFAULTS.get(name) == (default.get() if default.isDefined() else None)


def test_params_have_documented_accessors_and_a_signature() -> None:
    assert "numWorkers" in inspect.signature(StokerClassifier).parameters
    assert inspect.signature(StokerClassifier.setParams).parameters["maxIter"].default == 10
    for param in ClassifierParams().params:
        title = param.name[0].upper() + param.name[1:]
        for accessor in ("get", "set"):
            method = getattr(StokerClassifier, accessor + title)
            assert param.doc in (method.__doc__ or "")
            assert method.__name__ == accessor + title


@pytest.mark.parametrize("name", ["learningRate", "learning_rate", "lr", "stepsize"])
def test_an_unknown_param_is_refused_with_the_one_that_was_meant(
    spark: SparkSession, name: str
) -> None:
    with pytest.raises(TypeError, match=f"no param '{name}'; did you mean 'stepSize'"):
        StokerClassifier(**{name: 0.1})


def test_fits_in_a_pipeline_that_is_saved_and_loaded(rows: DataFrame, tmp_path: Path) -> None:
    pipeline = Pipeline(stages=[classifier()])
    pipeline.save(str(tmp_path / "pipeline"))
    loaded = Pipeline.load(str(tmp_path / "pipeline"))
    assert loaded.getStages()[0].getBatchSize() == 8

    fitted = loaded.fit(rows)

    model = fitted.stages[0]
    assert isinstance(model, StokerModel)
    assert model.numClasses == 2
    assert model.getInputCol() == model.getFeaturesCol() == "image"
    assert model.getParameters() == "best"
    assert not model.isSet("batchSize"), "how it computes is its own, as in Java"
    assert model.getBatchSize() == ModelParams.DEFAULTS["batchSize"]
    assert model.summary.totalIterations == 6
    assert len(model.summary.objectiveHistory) == 6
    assert model.summary.rounds()["loss"].iloc[-1] < model.summary.rounds()["loss"].iloc[0]
    scored = fitted.transform(rows)
    assert accuracy(scored) > 0.9
    fitted.save(str(tmp_path / "fitted"))
    again = PipelineModel.load(str(tmp_path / "fitted"))
    assert isinstance(again.stages[0], StokerModel)
    assert again.stages[0].parametersSha256 == model.parametersSha256
    assert not again.stages[0].hasSummary
    with pytest.raises(RuntimeError, match="No training summary available") as refused:
        _ = again.stages[0].summary
    assert isinstance(refused.value, InvalidInputError)
    assert accuracy(again.transform(rows)) == accuracy(scored)
    again.write().overwrite().save(str(tmp_path / "fitted"))
    assert accuracy(again.transform(rows)) == accuracy(scored)
    again = PipelineModel.load(str(tmp_path / "fitted"))
    assert accuracy(again.transform(rows)) == accuracy(scored)
    again.stages[0].close()
    assert accuracy(again.transform(rows)) == accuracy(scored)


def test_a_cross_validator_chooses_from_a_grid(rows: DataFrame, tmp_path: Path) -> None:
    estimator = classifier(maxIter=2, schedule="constant", cacheDir=str(tmp_path / "cache"))
    grid = ParamGridBuilder().addGrid(estimator.stepSize, [1e-7, 0.1]).build()
    validator = CrossValidator(
        estimator=estimator,
        estimatorParamMaps=grid,
        evaluator=MulticlassClassificationEvaluator(metricName="accuracy"),
        numFolds=2,
        seed=3,
    )

    chosen = validator.fit(rows)

    assert len(chosen.avgMetrics) == 2
    assert isinstance(chosen.bestModel, StokerModel)
    assert chosen.avgMetrics[1] > chosen.avgMetrics[0]
    chosen.save(str(tmp_path / "chosen"))
    loaded = CrossValidatorModel.load(str(tmp_path / "chosen"))
    assert loaded.bestModel.parametersSha256 == chosen.bestModel.parametersSha256


def test_setters_getters_copies_and_explanations() -> None:
    original = classifier(augmentations=["flip"]).setSeed(5).setNumWorkers(3)
    copy = original.copy({original.maxIter: 9})

    assert (copy.getMaxIter(), original.getMaxIter()) == (9, 6)
    assert copy.getAugmentations() == ["flip"]
    assert copy.getSeed() == 5
    assert original.uid == copy.uid
    assert "numWorkers: " in original.explainParams()
    assert original.getMomentum() == 0.9


def test_both_names_of_a_column_are_one_param() -> None:
    model = StokerModel().setFeaturesCol("photo").setOutputCol("p")

    assert model.getInputCol() == "photo"
    assert model.getProbabilityCol() == "p"
    with pytest.raises(InvalidInputError, match="inputCol is 'image', and featuresCol"):
        model.setInputCol("image").getFeaturesCol()
    estimator = StokerClassifier(model="lenet5", featuresCol="photo")
    assert estimator.getInputCol() == estimator.getFeaturesCol() == "photo"
    assert StokerTuner(featuresCol="photo").getInputCol() == "photo"


def test_failures_of_a_model_are_one_line(trained: dict[str, Any]) -> None:
    model = StokerModel.load(trained["checkpoint"])

    with pytest.raises(InvalidInputError, match="the model was loaded from there"):
        model.write().overwrite().save(trained["checkpoint"])
    with pytest.raises(InvalidInputError, match="it was trained without --ema"):
        _ = model.setParameters("ema").parametersSha256
    assert model.setParameters("last").parametersSha256 == trained["parameters_sha256"]


def test_a_fit_that_was_done_before_is_found_again(rows: DataFrame, tmp_path: Path) -> None:
    first = classifier(checkpointDir=str(tmp_path), maxIter=2).fit(rows)
    second = classifier(checkpointDir=str(tmp_path), maxIter=2).fit(rows)

    assert second.parametersSha256 == first.parametersSha256
    assert second.summary.runFolder == first.summary.runFolder


def test_a_tuner_searches_and_is_a_stage(rows: DataFrame, tmp_path: Path) -> None:
    tuner = StokerTuner(
        inputCol="image",
        model="lenet5",
        imageChannels=1,
        localSteps=3,
        maxIter=6,
        folds=2,
        trials=2,
        halving=1,
        space={"stepSize": [1e-7, 0.05], "batchSize": 8},
        sampler="sobol",
        samplerSeed=3,
    )
    tuner.save(str(tmp_path / "tuner"))
    loaded = StokerTuner.load(str(tmp_path / "tuner"))
    assert loaded.getSpace() == tuner.getSpace()

    fitted = Pipeline(stages=[loaded]).fit(rows)

    tuned = fitted.stages[0]
    assert isinstance(tuned, StokerTunerModel)
    trials = tuned.trials().toPandas().set_index("trial")
    assert sorted(trials["learning_rate"]) == [1e-7, 0.05]
    assert trials["learning_rate"][trials["value"].idxmax()] == 0.05
    assert isinstance(tuned.bestModel, StokerModel)
    assert accuracy(fitted.transform(rows)) > 0.9
    assert tuned.bestModel.getInputCol() == "image"
    tuned.bestModel.setPredictionCol("best")
    assert "best" in fitted.transform(rows).columns
    assert "best" in tuned.copy().transform(rows).columns
    fitted.save(str(tmp_path / "fitted"))
    again = PipelineModel.load(str(tmp_path / "fitted")).stages[0]
    assert again.bestModel.getPredictionCol() == "best"
    assert again.bestModel.parametersSha256 == tuned.bestModel.parametersSha256
    with pytest.raises(InvalidInputError, match="unknown option 'stepsize'"):
        StokerTuner(inputCol="image", model="lenet5", folds=2, space={"stepsize": [1, 2]}).fit(rows)
