// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import io.stoker.base.Division;
import io.stoker.data.batch.ImageForm;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.driver.averaging.SharedParameters;
import io.stoker.driver.checkpoint.Checkpoint;
import io.stoker.driver.checkpoint.CheckpointInProgress;
import io.stoker.driver.checkpoint.CheckpointJob;
import io.stoker.driver.checkpoint.DataDescription;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.cluster.MemoryNeed;
import io.stoker.driver.config.ConfiguredSteps;
import io.stoker.driver.config.JobIdentity;
import io.stoker.driver.config.LayerRates;
import io.stoker.driver.config.NormalizationSource;
import io.stoker.driver.config.RoundConfig;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.evaluate.EvaluateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.slice.InitialValues;
import io.stoker.driver.slice.MovingAverage;
import io.stoker.driver.slice.OuterStep;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceAverage;
import io.stoker.driver.slice.SliceSource;
import io.stoker.driver.transfer.Transfer;
import io.stoker.driver.whitening.PatchWhitening;
import io.stoker.failure.Check;
import io.stoker.models.engine.ComputeEnvironment;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.file.TrainingClock;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Whitening;
import io.stoker.worker.eval.ModelInput;
import io.stoker.worker.runtime.ReplicaKey;
import io.stoker.worker.runtime.RoundTask;
import io.stoker.worker.runtime.TrainingData;
import io.stoker.worker.sgd.StepSchedule;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The description of a training job: what each of its rounds does, and where its checkpoints go.
 */
public final class TrainingRun {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingRun.class);

  /** The split that is trained on. */
  static final String SPLIT = "train";

  private final TrainingConfig config;
  private final ModelSpec model;
  private final JobIdentity identity;
  private final DataDescription description;
  private final RunFolder folder;
  private final JobPlan plan;
  private final ConfiguredSteps schedule;
  private final ReplicaKey replica;

  /** By the first epoch that trains with it. */
  private final NavigableMap<Integer, ReplicaKey> replicas = new TreeMap<>();

  private final Optional<Transfer> transfer;
  private final Optional<PatchWhitening> whitening;
  private final long frozenParameters;

  /** The round of its own checkpoint that it takes values from. */
  private final Optional<Long> pinned;

  private final TrainingData data;
  private final RoundGroups groups;

  /**
   * @param spark the cluster
   * @param identity what its result depends on, its engine resolved, its locations absolute
   * @param model the model
   * @param shards the data
   * @param folder where the run is
   * @param init the trained model that it takes values from, where it needs one
   * @param environment what decides the bits of its results on executors
   */
  TrainingRun(
      JavaSparkContext spark,
      JobIdentity identity,
      ModelSpec model,
      ShardFolder shards,
      RunFolder folder,
      Optional<StoredModel> init,
      ComputeEnvironment environment) {
    this.identity = identity;
    this.config = identity.config();
    this.model = model;
    this.folder = folder;
    Optional<ModelMetadata> normalizing =
        init.map(StoredModel::metadata)
            .filter(trained -> config.initialization().normalization() == NormalizationSource.INIT);
    DataDescription described = DataDescription.of(shards.manifest());
    this.description =
        normalizing
            .map(trained -> described.normalizedBy(trained.mean(), trained.standardDeviation()))
            .orElse(described);
    this.transfer = init.map(trained -> new Transfer(trained, model));
    this.whitening =
        Whitening.of(model)
            .filter(first -> transfer.map(from -> from.fresh().contains(0)).orElse(true))
            .map(first -> new PatchWhitening(spark, model, first, shards, SPLIT, description));
    RateMultipliers rates = LayerRates.of(config, model);
    this.frozenParameters = rates.frozenParameters(model);
    this.replica =
        new ReplicaKey(
            model,
            config.engine(),
            config.rounds().batch(),
            rates,
            frozenValues(init),
            config.arithmetic(),
            environment);
    replicas.put(0, replica);
    config
        .data()
        .sizeSchedule()
        .fromEpoch()
        .forEach((epoch, size) -> replicas.put(epoch, replica.withModel(model.atSize(size))));
    this.pinned = init.flatMap(StoredModel::checkpoint).map(own -> own.manifest().clock().round());
    long samples = shards.manifest().split(SPLIT).samples();
    RoundConfig rounds = config.rounds();
    this.plan =
        new JobPlan(
            samples,
            rounds.globalBatch(),
            rounds.epochs(),
            rounds.localStepsFromEpoch(
                config.optimizer().schedule(),
                config.optimizer().learningRate(),
                Division.ceiling(samples, rounds.globalBatch())));
    this.schedule =
        ConfiguredSteps.of(
            config,
            config
                .loss()
                .classWeights()
                .resolve(
                    shards.manifest().classNames(),
                    shards.manifest().split(SPLIT).samplesPerClass()),
            plan.stepsPerEpoch());
    this.data =
        new TrainingData(
            new TrainingData.Source(config.data().uri(), shards.manifestHash(), SPLIT),
            new TrainingData.Order(
                config.data().sampling(),
                config.data().repeats(),
                config.seed(),
                config.rounds().workers(),
                config.rounds().batch()),
            new TrainingData.Images(
                ModelInput.images(model.input()),
                String.join(",", config.data().augmentations()),
                config.data().mixing(),
                normalizing.map(trained -> trained.mean()).orElse(List.of()),
                normalizing.map(trained -> trained.standardDeviation()).orElse(List.of()),
                Engines.find(config.engine()).prefersBytes()
                    ? ImageForm.BYTES
                    : ImageForm.NORMALIZED,
                config.data().sizeSchedule()));
    this.groups = RoundGroups.of(plan, config.averaging().overlapSteps(), slices());
  }

  /** The identity of the values of frozen parameters: of the initial model, or of the images. */
  private String frozenValues(Optional<StoredModel> init) {
    return frozenParameters == 0
        ? ""
        : init.map(StoredModel::parametersSha256).orElse("")
            + " "
            + config.seed()
            + whitening.map(each -> " " + identity.dataSha256()).orElse("");
  }

  /** What its result depends on, besides the record of a job with a quorum. */
  public JobIdentity identity() {
    return identity;
  }

  /** What decides the bits of its results on executors. */
  ComputeEnvironment environment() {
    return replica.environment();
  }

  public JobPlan plan() {
    return plan;
  }

  /** What the workers read. */
  public TrainingData data() {
    return data;
  }

  /**
   * The settings of a round's steps.
   *
   * @param losses the loss of each epoch before that of the round
   */
  public ConfiguredSteps schedule(List<Double> losses) {
    return schedule.after(losses);
  }

  /** Whether a round's settings depend on the training losses of earlier epochs. */
  public boolean watchesTrainingLoss() {
    return config.optimizer().schedule().watchesLoss() && !config.validation().isOn();
  }

  /** Whether a round's settings depend on validations of earlier epochs. */
  public boolean watchesValidation() {
    return config.optimizer().schedule().watchesLoss() && config.validation().isOn();
  }

  public ModelSpec model() {
    return model;
  }

  /** The memory that it takes of an executor. */
  public MemoryNeed memoryNeed() {
    ParameterSlices slices = slices();
    return MemoryNeed.ofTraining(
        model,
        config.rounds().batch(),
        config.rounds().workers(),
        slices.bytes(0),
        config.averaging().overlapSteps() > 0 ? slices.pieceBytes() : 0,
        config.optimizer().stateVectors());
  }

  /** Files of the driver that all executors must see. */
  public List<Path> sharedFiles() {
    return List.of(folder.recordFile(), new Path(config.data().uri(), ShardManifest.FILE));
  }

  /** How its parameters are cut. Those of layers that do not learn are in no slice. */
  public ParameterSlices slices() {
    int vectors = 1 + (config.carriesUpdaterState() ? config.optimizer().stateVectors() : 0);
    int length =
        config.averaging().sliceBytes() > 0
            ? ParameterSlices.lengthOf(config.averaging().sliceBytes())
            : ParameterSlices.fittingLength(
                model.parameterCount() - frozenParameters, vectors, config.rounds().workers());
    return new ParameterSlices(
        frozenParameters,
        model.parameterCount(),
        vectors,
        outerStep().hasMomentum(),
        ema().isOn(),
        length);
  }

  /** The step from the parameters before a round to the workers' mean. */
  OuterStep outerStep() {
    return OuterStep.of(
        config.outer().rate(), config.outer().momentum(), config.outer().nesterov(), model);
  }

  private MovingAverage ema() {
    int swa = config.averaging().swa();
    return swa > 0
        ? MovingAverage.meanAfter(swa * plan.stepsPerEpoch())
        : MovingAverage.exponential(config.averaging().ema());
  }

  /** How the next parameters follow from those of the workers. */
  public SliceAverage average() {
    return new SliceAverage(
        slices(), outerStep(), config.averaging().wire(), config.averaging().overlapSteps(), ema());
  }

  /** The parameters of a job that begins. */
  public SliceSource firstParameters() {
    SliceSource initial = new InitialValues(model, config.seed());
    SliceSource first = whitening.map(each -> each.over(initial)).orElse(initial);
    return transfer.map(from -> from.source(first)).orElse(first);
  }

  /** Where the parameters are that are in no slice; anything if all are in slices. */
  public SliceSource frozenParameters() {
    return frozenParameters == 0 ? new InitialValues(model, config.seed()) : firstParameters();
  }

  /**
   * Logs which parameters are copied from a trained model, if any, and checks that those of layers
   * that do not learn are.
   *
   * @throws io.stoker.failure.InputException if layers that do not learn would have random values
   */
  void checkTransfer() {
    if (transfer.isPresent()) {
      LOG.info("Beginning with {}", transfer.get());
      for (int layer : transfer.get().fresh()) {
        Check.input(
            config.initialization().freeze().isBlank()
                || model.placed().get(layer).parameterOffset() >= frozenParameters,
            "Cannot freeze layer %s: layer %d (%s) is not in the checkpoint, and has learnt"
                + " nothing",
            config.initialization().freeze(),
            layer + 1,
            model.placed().get(layer).layer().label());
      }
    }
  }

  /**
   * What the workers do in a round.
   *
   * @param round the round
   * @param settings the settings of its steps
   */
  public RoundTask task(JobPlan.Round round, StepSchedule settings) {
    return new RoundTask(
        replicas.floorEntry(round.epoch()).getValue(),
        data,
        settings,
        round.round(),
        round.epoch(),
        round.firstStep(),
        round.steps(),
        round.globalStep());
  }

  /** Which rounds overlap. */
  public RoundGroups groups() {
    return groups;
  }

  /**
   * Whether a checkpoint is written after some rounds.
   *
   * @param done how many rounds are done
   */
  public boolean isCheckpointDue(long done) {
    return groups.isDue(
        done,
        rounds ->
            rounds % config.checkpoints().every() == 0
                || rounds == plan.rounds()
                || validationIsAskedAt(rounds));
  }

  /**
   * Whether a stage of several rounds ends after this one. It does if the driver writes a
   * checkpoint or decides on the learning rate before the next round, or if a group of rounds ends.
   */
  public boolean isBoundary(JobPlan.Round round) {
    return groups.overlap()
        ? groups.isLast(round)
        : isCheckpointDue(round.round() + 1)
            || (plan.endsEpoch(round) && config.optimizer().schedule().watchesLoss());
  }

  /**
   * Whether the checkpoint after some rounds is validated.
   *
   * @param done how many rounds are done
   */
  public boolean isValidationDue(long done) {
    return groups.isDue(done, this::validationIsAskedAt);
  }

  private boolean validationIsAskedAt(long done) {
    return config.validation().isDue(done, plan.endsEpoch(plan.round((int) done - 1)));
  }

  public TrainingConfig config() {
    return config;
  }

  /**
   * Evaluates the current parameters of the job.
   *
   * @param request what to evaluate on what
   * @param clock how far the job is
   */
  public EvaluationReport evaluate(
      JavaSparkContext spark,
      EvaluateRequest request,
      SharedParameters parameters,
      TrainingClock clock) {
    return EvaluateJob.runInTraining(
        spark,
        request,
        description.metadata(model, clock),
        parameters,
        slices(),
        frozenParameters());
  }

  /**
   * Begins to write a checkpoint.
   *
   * @param settings what stock Deeplearning4j would go on training with
   * @throws io.stoker.failure.ResourceException if another driver has taken the run folder
   */
  public CheckpointInProgress beginCheckpoint(
      SharedParameters parameters, TrainingClock clock, StepSettings settings) {
    folder.requireLocked();
    return folder
        .checkpoints()
        .begin(
            parameters,
            new CheckpointJob(model, frozenParameters(), description, settings, clock, identity),
            folder::requireHeld);
  }

  /**
   * Deletes checkpoints that are older than those that the config keeps.
   *
   * @param newest the one that was written last
   * @param pinned rounds whose checkpoints are not deleted
   */
  public void deleteOldCheckpoints(Checkpoint newest, Set<Long> pinned) {
    folder.requireHeld();
    Set<Long> kept = new HashSet<>(pinned);
    this.pinned.ifPresent(kept::add);
    folder.checkpoints().keep(newest, config.checkpoints().keep(), kept);
  }
}
