// SPDX-License-Identifier: Apache-2.0
package io.stoker.examples.pytorch;

import ai.djl.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.engine.Targets;
import io.stoker.models.file.ModelFile;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import io.stoker.models.zoo.Zoo;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Stoker and PyTorch on the same model, parameters, images and machine, in one run: how far their
 * outputs and gradients are apart, and how fast their training steps are.
 *
 * <p>Arguments: a model's name or a checkpoint's {@code model.zip}, the batch (32), the seconds
 * that each is timed (20; 0 for none), the threads of PyTorch (all processors). Ends with 1 if
 * outputs are 1e-5 apart or gradients 1e-4, relative to the largest of their tensor.
 */
public final class Parity {
  private static final double OUTPUTS = 1e-5;
  private static final double GRADIENTS = 1e-4;
  private static final int TURNS = 3;

  private final ModelSpec model;
  private final float[] parameters;
  private final int batch;
  private final float[] images;
  private final int[] labels;
  private final float[] targets;

  private Parity(ModelSpec model, float[] parameters, int batch) {
    this.model = model;
    this.parameters = parameters;
    this.batch = batch;
    SplittableRandom random = new SplittableRandom(1);
    images = new float[batch * model.input().features()];
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) random.nextGaussian();
    }
    labels = random.ints(batch, 0, model.classes()).toArray();
    targets = new float[batch * model.classes()];
    Targets.fill(labels, batch, model.classes(), 0, targets);
  }

  /** See the class. */
  public static void main(String[] arguments) throws Exception {
    int processors = Runtime.getRuntime().availableProcessors();
    System.setProperty(
        "ai.djl.pytorch.num_threads",
        Integer.toString(arguments.length > 3 ? Integer.parseInt(arguments[3]) : processors));
    Parity parity = of(arguments[0], arguments.length > 1 ? Integer.parseInt(arguments[1]) : 32);
    boolean equal = parity.withoutDropout().compare();
    double seconds = arguments.length > 2 ? Double.parseDouble(arguments[2]) : 20;
    if (seconds > 0) {
      parity.race(seconds / TURNS, processors);
    }
    System.exit(equal ? 0 : 1);
  }

  private static Parity of(String what, int batch) throws IOException {
    if (!what.endsWith(".zip")) {
      ModelSpec model = Zoo.model(what, Zoo.classes(what));
      return new Parity(model, spread(model), batch);
    }
    Path path = Path.of(what);
    ModelFile file = ModelFile.verify(what, () -> Files.newInputStream(path));
    float[] trained = new float[(int) file.metadata().model().parameterCount()];
    file.parameters().read(() -> Files.newInputStream(path), 0, FloatBuffer.wrap(trained));
    return new Parity(file.metadata().model(), trained, batch);
  }

  /**
   * Weights that keep the spread of activations from layer to layer (He et al., 2015), and biases
   * beside them. AlexNet's own first weights are so small that values in a pooling window differ in
   * their last bits only: which one is the largest, and gets the gradient, is chance then.
   */
  private static float[] spread(ModelSpec model) {
    SplittableRandom random = new SplittableRandom(7);
    float[] values = new float[(int) model.parameterCount()];
    new InitialParameters(model, 7).fill(0, FloatBuffer.wrap(values)); // statistics, for one
    for (ModelSpec.Placed placed : model.leaves()) {
      int offset = (int) placed.parameterOffset();
      for (ParameterSpec tensor : placed.parameters()) {
        int end = offset + (int) tensor.size();
        if (tensor.role() == ParameterSpec.Role.WEIGHT) {
          for (int i = offset; i < end; i++) {
            values[i] = (float) (random.nextGaussian() * Math.sqrt(2.0 / tensor.fanIn()));
          }
        } else if (tensor.role() == ParameterSpec.Role.BIAS) {
          for (int i = offset; i < end; i++) {
            values[i] = (float) (random.nextGaussian() * 0.1);
          }
        }
        offset = end;
      }
    }
    return values;
  }

  /** Which units are dropped is each library's own affair. */
  private Parity withoutDropout() {
    List<LayerSpec> layers =
        model.layers().stream().filter(layer -> !(layer instanceof LayerSpec.Dropout)).toList();
    return new Parity(new ModelSpec(model.name(), model.input(), layers), parameters, batch);
  }

  private boolean compare() {
    float[] own = new float[targets.length];
    float[] ownGradients = new float[parameters.length];
    try (Network network = network()) {
      network.predict(images, batch, own);
      network.computeGradients(images, targets, batch, 0);
      network.readGradients(0, FloatBuffer.wrap(ownGradients));
    }
    float[] theirs;
    float[] theirGradients;
    try (TorchNetwork network = new TorchNetwork(model, parameters)) {
      theirs = network.probabilities(images, batch);
      theirGradients = network.gradients(images, labels);
    }
    System.out.printf(
        Locale.ROOT,
        "%s, batch %d, PyTorch %s%n",
        model.name(),
        batch,
        Engine.getEngine("PyTorch").getVersion());
    boolean statistics =
        model.leaves().stream()
            .map(ModelSpec.Placed::layer)
            .anyMatch(LayerSpec.BatchNormalization.class::isInstance);
    double outputs = farthest(own, theirs, 0, own.length);
    System.out.printf(
        Locale.ROOT,
        "outputs: at most %.1e apart%s%n",
        outputs,
        statistics ? " (not comparable)" : "");
    return compare(ownGradients, theirGradients) && (statistics || outputs < OUTPUTS);
  }

  private boolean compare(float[] own, float[] theirs) {
    double worst = 0;
    for (ModelSpec.Placed placed : model.leaves()) {
      int offset = (int) placed.parameterOffset();
      for (ParameterSpec tensor : placed.parameters()) {
        int end = offset + (int) tensor.size();
        if (tensor.role() != ParameterSpec.Role.STATISTIC) {
          double largest = farthest(theirs, new float[theirs.length], offset, end);
          double apart = farthest(own, theirs, offset, end) / Math.max(largest, Float.MIN_NORMAL);
          worst = Math.max(worst, apart);
          System.out.printf(
              Locale.ROOT,
              "gradients of layer %s, %s, %s %s: at most %.1e of the largest apart%n",
              placed.path(),
              placed.layer().label(),
              tensor.role().name().toLowerCase(Locale.ROOT),
              tensor.dimensions(),
              apart);
        }
        offset = end;
      }
    }
    return worst < GRADIENTS;
  }

  private static double farthest(float[] one, float[] other, int from, int to) {
    double farthest = 0;
    for (int i = from; i < to; i++) {
      farthest = Math.max(farthest, Math.abs((double) one[i] - other[i]));
    }
    return farthest;
  }

  /** Times steps in turns: Stoker with a worker a processor, PyTorch with its own threads. */
  private void race(double seconds, int workers) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(workers);
    List<Network> networks = new ArrayList<>();
    List<Long> own = new ArrayList<>();
    List<Long> theirs = new ArrayList<>();
    try (TorchNetwork torch = new TorchNetwork(model, parameters)) {
      for (int i = 0; i < workers; i++) {
        networks.add(network());
      }
      for (int turn = 0; turn <= TURNS; turn++) {
        List<Callable<List<Long>>> tasks = new ArrayList<>();
        for (Network network : networks) {
          tasks.add(() -> times(seconds, () -> step(network)));
        }
        List<Long> steps = new ArrayList<>();
        for (Future<List<Long>> task : threads.invokeAll(tasks)) {
          steps.addAll(task.get());
        }
        List<Long> others = times(seconds, () -> torch.step(images, labels));
        if (turn > 0) { // the first turn warms both up
          own.addAll(steps);
          theirs.addAll(others);
        }
      }
    } finally {
      networks.forEach(Network::close);
      threads.shutdownNow();
    }
    double stoker = workers * batch / median(own);
    double torch = batch / median(theirs);
    System.out.printf(
        Locale.ROOT,
        "Stoker:  %,10.1f images/s, %d workers of a thread each (medians)%n",
        stoker,
        workers);
    System.out.printf(
        Locale.ROOT,
        "PyTorch: %,10.1f images/s, %s threads%n",
        torch,
        System.getProperty("ai.djl.pytorch.num_threads"));
    System.out.printf(Locale.ROOT, "%.2f times as many%n", stoker / torch);
  }

  private void step(Network network) {
    network.computeGradients(images, targets, batch, 1);
    network.update(new StepSettings(0.001f, 0.9f, 0.0005f));
  }

  private static List<Long> times(double seconds, Runnable step) {
    List<Long> times = new ArrayList<>();
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (times.isEmpty() || System.nanoTime() < end) {
      long start = System.nanoTime();
      step.run();
      times.add(System.nanoTime() - start);
    }
    return times;
  }

  private static double median(List<Long> nanoseconds) {
    return nanoseconds.stream().sorted().toList().get(nanoseconds.size() / 2) / 1e9;
  }

  private Network network() {
    Network network = Engines.named(Engines.AUTO).create(model, batch);
    network.writeParameters(0, FloatBuffer.wrap(parameters));
    return network;
  }
}
