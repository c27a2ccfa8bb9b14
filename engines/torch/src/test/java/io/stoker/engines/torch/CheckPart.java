// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.engines.torch.CheckReport.Speed;
import io.stoker.failure.ResourceException;
import io.stoker.models.engine.ByteImages;
import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * A part of {@code gpu-check}. Each runs in a process of its own, which a limit of time ends, and
 * whose crash ends no other part. The limits on a GPU are less than eight minutes together.
 */
enum CheckPart {
  DEVICE("device", 30, mnist -> device()),
  CONTRACT("contract of engines", 90, mnist -> tests(TorchNetworkTest.class, InspectionTest.class)),
  AGREEMENT(
      "agreement with onednn", 110, mnist -> tests(AgreesWithOneDnnTest.class, ProductsTest.class)),
  DETERMINISM("determinism", 40, CheckPart::determinism),
  MEMORY("memory", 75, mnist -> tests(MemoryTest.class)),
  TRAINING("training on MNIST to 98 %", 30, CheckPart::training),
  LENET5_MODERN("lenet5-modern", 15),
  ALEXNET_MINI("alexnet-mini", 15),
  ALEXNET_SINGLE("alexnet-single", 20),
  ALEXNET("alexnet", 20),
  RESNET_18("resnet-18", 25);

  /**
   * What a part has found.
   *
   * @param engine the engine's description; empty but for the first part
   */
  record Result(boolean passed, String detail, String engine, List<Speed> speeds) {
    Result {
      speeds = List.copyOf(speeds);
    }

    static Result of(boolean passed, String detail) {
      return new Result(passed, detail, "", List.of());
    }
  }

  private static final double ACCURACY = 0.98;

  /** The size of ImageNet's images, for models that take several sizes. */
  private static final int LARGE_IMAGE = 224;

  private static final int SHOWN_FAILURES = 3;

  /** What is run. */
  private interface Check {
    Result run(Path mnist) throws IOException;
  }

  private final String title;
  private final Duration limit;

  @SuppressWarnings("ImmutableEnumChecker") // The checks have no state.
  private final Check check;

  CheckPart(String title, int seconds, Check check) {
    this.title = title;
    this.limit = Duration.ofSeconds(seconds);
    this.check = check;
  }

  /** The speed of a model's steps. */
  CheckPart(String model, int seconds) {
    this("speed of " + model, seconds, mnist -> speeds(model));
  }

  String title() {
    return title;
  }

  /** The longest time on a GPU. */
  Duration limit() {
    return limit;
  }

  /**
   * Runs the part in this process.
   *
   * @param mnist the four files of MNIST, gzipped
   * @throws ResourceException if there is no GPU, or it cannot be used
   */
  Result run(Path mnist) throws IOException {
    return check.run(mnist);
  }

  /**
   * The process of a part.
   *
   * @param arguments the part's name, the file for its result, and the folder of MNIST
   */
  public static void main(String[] arguments) throws IOException {
    try {
      Result result = valueOf(arguments[0]).run(Path.of(arguments[2]));
      CheckReport.JSON.writeValue(Path.of(arguments[1]).toFile(), result);
      System.exit(0);
    } catch (ResourceException e) {
      System.err.println(e.getMessage());
      System.exit(ResourceException.EXIT_CODE);
    }
  }

  private static Result device() {
    TorchEngine engine = DeviceUnderTest.engine();
    Optional<Devices> gpus = DeviceUnderTest.isGpu() ? engine.devices() : Optional.empty();
    String device =
        gpus.map(each -> each.gpu(0).toString()).orElse("the processor of this machine");
    return new Result(true, device, engine.description(), List.of());
  }

  private static Result determinism(Path mnist) throws IOException {
    Result steps = tests(DeterminismTest.class);
    DigitTraining digits = new DigitTraining(mnist);
    int count = 200;
    boolean same =
        Arrays.equals(
            digits.run(Products.FP32, count).parameters(),
            digits.run(Products.FP32, count).parameters());
    return Result.of(
        steps.passed() && same,
        String.format(
            Locale.ROOT,
            "%s; two trainings of %d steps gave %s bits",
            steps.detail(),
            count,
            same ? "the same" : "other"));
  }

  private static Result training(Path mnist) throws IOException {
    DigitTraining.Result result = new DigitTraining(mnist).run(Products.FP32, Integer.MAX_VALUE);
    return Result.of(
        result.accuracy() >= ACCURACY,
        String.format(
            Locale.ROOT,
            "%.2f %% of the test images after two epochs, %.0f images/s",
            100 * result.accuracy(),
            result.imagesPerSecond()));
  }

  /** Runs test classes by JUnit, as the build does. */
  static Result tests(Class<?>... classes) {
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request()
                .selectors(Arrays.stream(classes).map(DiscoverySelectors::selectClass).toList())
                .build(),
            listener);
    TestExecutionSummary summary = listener.getSummary();
    summary.getFailures().forEach(failure -> failure.getException().printStackTrace());
    String failures =
        summary.getFailures().stream()
            .limit(SHOWN_FAILURES)
            .map(
                failure ->
                    "; %s: %s"
                        .formatted(
                            failure.getTestIdentifier().getDisplayName(),
                            String.valueOf(failure.getException().getMessage()).strip()))
            .collect(Collectors.joining());
    return Result.of(
        summary.getTotalFailureCount() == 0 && summary.getTestsSucceededCount() > 0,
        String.format(
            Locale.ROOT,
            "%d of %d tests passed%s",
            summary.getTestsSucceededCount(),
            summary.getTestsFoundCount(),
            failures));
  }

  /** Times steps of a model in each format of products that the device has. */
  private static Result speeds(String name) {
    ModelSpec model =
        Zoo.sizes(name).contains(LARGE_IMAGE)
            ? Zoo.sized(name, LARGE_IMAGE, 1000)
            : Zoo.model(
                name, name.startsWith("alexnet-mini") || name.startsWith("lenet") ? 10 : 1000);
    boolean gpu = DeviceUnderTest.isGpu();
    List<Products> formats =
        gpu
            ? List.of(Products.FP32, Products.TF32, Products.BF16)
            : List.of(Products.FP32, Products.BF16);
    boolean large = model.input().features() > 10_000;
    int batch = gpu ? (large ? 128 : 512) : (large ? 4 : 64);
    List<Speed> speeds = new ArrayList<>();
    for (Products products : formats) {
      speeds.add(speed(model, batch, products));
    }
    return new Result(
        true,
        speeds.stream()
            .map(
                speed ->
                    String.format(
                        Locale.ROOT,
                        "%s %.0f images/s",
                        speed.precision(),
                        speed.imagesPerSecond()))
            .collect(Collectors.joining(", ")),
        "",
        speeds);
  }

  private static Speed speed(ModelSpec model, int batch, Products products) {
    ByteImages images = Batches.bytes(model, batch, 1);
    float[] targets = Batches.targets(model, batch, 2);
    try (Network network =
        DeviceUnderTest.engine()
            .create(
                model, batch, RateMultipliers.ones(model), DeviceUnderTest.settings(products))) {
      network.writeParameters(0, FloatBuffer.wrap(Batches.initialParameters(model)));
      boolean gpu = DeviceUnderTest.isGpu();
      stepsPerSecond(network, images, targets, gpu ? 1 : 0.1);
      double rate = stepsPerSecond(network, images, targets, gpu ? 3 : 1);
      return new Speed(
          model.name(), products.name().toLowerCase(Locale.ROOT), batch, batch * rate, 1e3 / rate);
    }
  }

  /** Each step's loss is read, so each second has the work of its steps. */
  private static double stepsPerSecond(
      Network network, ByteImages images, float[] targets, double seconds) {
    float[] weights = new float[network.batchCapacity()];
    Arrays.fill(weights, 1);
    long start = System.nanoTime();
    long count = 0;
    double passed = 0;
    while (passed < seconds || count < 2) {
      network.computeGradients(images, targets, weights, network.batchCapacity(), count);
      network.update(new StepSettings(1e-5f, 0.9f, 5e-4f));
      count++;
      passed = (System.nanoTime() - start) / 1e9;
    }
    return count / passed;
  }
}
