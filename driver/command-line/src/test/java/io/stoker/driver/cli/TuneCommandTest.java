// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.driver.TinyJob;
import io.stoker.driver.cli.Commands.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class TuneCommandTest {
  private static final Commands COMMANDS = new Commands();
  private static final String TUNE = "tune --data D --validation-split test --space F/s.yaml";

  @TempDir private static Path folder;

  private static TinyJob job;

  @BeforeAll
  static void writeData() throws IOException {
    job = TinyJob.in(folder);
    Files.writeString(
        folder.resolve("s.yaml"),
        """
        learning-rate: {from: 0.005, to: 0.5, scale: log}
        schedule: [one-cycle, cosine]
        model: MODEL
        workers: 1
        epochs: 2
        """
            .replace("MODEL", folder.resolve("tiny.yaml").toString()));
  }

  @Test
  void findsTheBestAndTrainsItAgainToTheSameBits() throws IOException {
    Outcome tuned = run(TUNE + " --study F/study --trials 4 --halving 2 --json");
    JsonNode best = run("tune --study F/study --best --json").json();
    JsonNode resumed = run("tune --study F/study --resume --json").json();
    JsonNode trained = run("train --recipe F/study/best.yaml --data D --run F/again --json").json();

    assertThat(tuned.exitCode()).as(tuned.err()).isZero();
    assertThat(tuned.err()).contains("6 of 6: trial ", "rung 2 of 2 (2 epochs): accuracy ");
    assertThat(best.path("parameters_sha256")).isEqualTo(trained.path("parameters_sha256"));
    assertThat(resumed).isEqualTo(best);
    Files.delete(folder.resolve("study/study.html"));
    assertThat(run("tune --study F/study --resume --space F/s.yaml --json").json()).isEqualTo(best);
    assertThat(run("runs F/study").out())
        .contains("which is a study: those of its trials are in ")
        .contains("/study/trials");
    assertThat(best.path("results").intValue()).isEqualTo(6);
    assertThat(best.path("command").textValue()).startsWith("./stoker train --recipe ");
    assertThat(run("report --run F/study --output F/report.html").exitCode()).isZero();
    assertThat(Files.readString(folder.resolve("report.html")))
        .isEqualTo(Files.readString(folder.resolve("study/study.html")))
        .contains("6 of 6 results. Best of 4 trials: trial ", "Content-Security-Policy")
        .contains("accuracy of the best trials by epoch", "Options and accuracy of each trial");
    assertRefused("report --run F/study --output F/study", "is a folder");
    for (String option : List.of("--data=d", "--split=test", "--batch=2", "--engine=onednn")) {
      assertRefused(
          "report --run F/study --output F/none.html " + option,
          "Invalid option %s: ".formatted(option.replaceFirst("=.*", "")));
    }
    assertRefused(
        "dashboard --run F/study F/again", "needs a dashboard of its own: say --run once");
    assertRefused(TUNE + " --study F/study", "is there already: say --resume to go on with it");
    assertRefused(
        "tune --study F/study --resume --trials 5",
        "which is another one: trials: 5 here, 4 in the study");
    assertRefused(
        TUNE + " --study F/study --resume --trials 4 --halving 2 --hyperband",
        "which is another one: hyperband: true here, none in the study");
    assertRefused(
        "tune --study F/study --resume --halving 3 --seed 2",
        "factor: 3 here, 2 in the study; seed: 2 here, 1 in the study");
    assertRefused(
        "tune --study F/study --resume --validation-split train --sampler sobol --cost parameters",
        "split: \"train\" here, \"test\" in the study; costs: [\"parameters\"] here, none in the"
            + " study; sampler: \"SOBOL\" here, \"TPE\" in the study");
    assertRefused(
        "tune --study F/study --best --metric log-loss",
        "study, which is another one: metric: \"LOG_LOSS\" here, \"ACCURACY\" in the study");
  }

  @Test
  void aCostGivesAParetoFrontAndItsCheckpointsStay() throws IOException {
    Files.writeString(
        folder.resolve("models.yaml"),
        "model: [%s, %s]\nworkers: 1\nepochs: 2\n"
            .formatted(folder.resolve("tiny.yaml"), job.normalized()));
    String tune = TUNE.replace("s.yaml", "models.yaml") + " --study F/front --trials 6";

    Outcome tuned = run(tune + " --halving 2 --cost parameters,inference-time --json");
    Outcome people = run("tune --study F/front --best");
    run("report --run F/front --output F/front.html");

    assertThat(tuned.exitCode()).as(tuned.err()).isZero();
    List<Integer> front = new ArrayList<>();
    tuned.json().path("front").forEach(each -> front.add(each.path("trial").intValue()));
    assertThat(front).contains(tuned.json().path("trial").intValue());
    assertThat(tuned.json().at("/front/0/parameters").longValue()).isPositive();
    assertThat(tuned.json().at("/front/0/inference-time").doubleValue()).isPositive();
    assertThat(people.out()).contains("front        trial " + front.get(0) + ": accuracy ");
    for (int trial : front) {
      String checkpoints = String.format(Locale.ROOT, "front/trials/%06d/checkpoints", trial);
      assertThat(folder.resolve(checkpoints)).exists();
    }
    assertThat(Files.readString(folder.resolve("front.html")))
        .contains("accuracy by parameters", "Pareto front");
  }

  /** As train does, and as the tuner of Spark ML. */
  @Test
  void balancedClassesAreComparedByBalancedAccuracy() throws IOException {
    Files.writeString(
        folder.resolve("balanced.yaml"),
        "model: %s\nworkers: 1\nepochs: 1\nsampling: [natural, balanced]\n"
            .formatted(folder.resolve("tiny.yaml")));
    String tune = TUNE.replace("s.yaml", "balanced.yaml") + " --trials 2 --halving 1 --study F/";

    Outcome balanced = run(tune + "balanced");
    Outcome asked = run(tune + "asked --metric accuracy");

    assertThat(balanced.exitCode()).as(balanced.err()).isZero();
    assertThat(balanced.err())
        .containsOnlyOnce("best balanced accuracy, because classes are balanced")
        .contains("rung 1 of 1 (1 epoch): balanced accuracy ");
    assertThat(asked.err()).contains("rung 1 of 1 (1 epoch): accuracy ");
    assertThat(run("tune --study F/balanced --resume").exitCode()).isZero();
  }

  @Test
  void theMetricOfFoldsNeedsNoValidationSplit() throws IOException {
    String tune = TUNE.replace("--validation-split test ", "") + " --trials 2 --halving 1";

    Outcome tuned = run(tune + " --folds 2 --study F/folds --json");
    Outcome again = run("tune --study F/folds --resume --folds 2");
    String inspected = run("inspect --data F/folds/folds/2 --json").out();
    JsonNode trained = run("train --recipe F/folds/best.yaml --data D --run F/all --json").json();

    assertThat(tuned.exitCode()).as(tuned.err()).isZero();
    assertThat(tuned.json().path("folds").intValue()).isEqualTo(2);
    assertThat(again.out()).contains(", mean of 2 folds", " of those of all folds");
    assertThat(inspected).contains("\"validation\"").doesNotContain("\"test\"");
    assertThat(trained.path("parameters_sha256").textValue()).isNotEmpty();
    assertThat(run("report --run F/folds --output F/folds.html").exitCode()).isZero();
    String study = " --study F/n";
    assertRefused(tune + study + " --folds 1", "Invalid --folds: 1 (must be >= 2)");
    assertRefused(tune + study + " --folds 0", "Invalid --folds: 0 (must be >= 2)");
    assertRefused(tune + study + " --folds 1000", "samples in the split train, so some folds");
    assertRefused(
        TUNE + study + " --folds 2", "Invalid --validation-split: test with --folds, which");
    assertRefused(
        "tune --study F/folds --resume --folds 3", "another one: folds: 3 here, 2 in the study");
    String space = Files.readString(folder.resolve("s.yaml"));
    Files.writeString(folder.resolve("p.yaml"), space + "patience: 2\n");
    assertRefused(tune.replace("s.yaml", "p.yaml") + study + " --folds 2", "Invalid patience: 2");
    Files.writeString(
        folder.resolve("p.yaml"), space.replace("[one-cycle, cosine]", "plateau\nrate-epochs: 1"));
    assertRefused(
        tune.replace("s.yaml", "p.yaml") + study + " --folds 2", "Invalid schedule: plateau with");
    assertThat(folder.resolve("n")).doesNotExist();
  }

  @Test
  void whatIsSaidOfAStudyIsSaidOnceAndAPageThatCannotBeWrittenIsNoEnd() throws IOException {
    Files.createDirectories(folder.resolve("pageless/.study.html.new/in the way"));

    Outcome tuned =
        run(TUNE + " --study F/pageless --trials 2 --halving 2 --mlflow http://127.0.0.1:1");

    assertThat(tuned.exitCode()).as(tuned.err()).isZero();
    assertThat(tuned.err())
        .contains("warning: cannot write study.html: ", "rung 1 of 2 (1 epoch): ")
        .containsOnlyOnce("Validating on split 'test': the best trial is chosen by the images");
    assertThat(run("tune --study F/pageless --best").exitCode()).isZero();
  }

  @Test
  void badInputIsOneLine() throws IOException {
    Files.writeString(
        folder.resolve("rate.yaml"), "learning-rate: {from: 0, to: 1}\nmodel: lenet5");
    Files.writeString(folder.resolve("auto.yaml"), "learning-rate: auto\nmodel: [lenet5, cnn]");
    assertRefused(
        TUNE.replace("s.yaml", "rate.yaml") + " --study F/n", "Invalid learning rate: 0.0");
    assertRefused(TUNE.replace("s.yaml", "auto.yaml") + " --study F/n", "a rate of its own");
    Map.of(
            "model: TINY\naugment: [none, flop]", "Unknown augmentation: 'flop'",
            "model: [TINY, lenet9]", "Unknown model",
            "model: TINY\ninit: [none.zip, other.zip]", "none.zip",
            "model: TINY\nclass-weights: [balanced, {x: 1}]", "Cannot weight class 'x'",
            "model: TINY\nsize-schedule: ['8@0', '800@0']", "Cannot use --size-schedule 800@0")
        .forEach(
            (line, reason) -> {
              String tiny = folder.resolve("tiny.yaml").toString();
              write("line.yaml", line.replace("TINY", tiny) + "\nbatch: [8, 16]\n");
              assertRefused(TUNE.replace("s.yaml", "line.yaml") + " --study F/n", reason);
            });
    assertRefused(TUNE.replace("test", "val") + " --study F/n", "have no split 'val'");
    assertRefused(TUNE + " --study F/n --trials 0", "Invalid --trials: 0 (must be >= 1)");
    assertRefused(
        TUNE + " --study F/n --hyperband --halving 1",
        "Invalid --halving: 1 (Hyperband needs at least 2)");
    assertRefused(TUNE + " --study F/n --cost weight", "Unknown cost: 'weight'");
    assertRefused(
        TUNE + " --study F/n --cost parameters,parameters", "Invalid costs: one is there twice");
    assertRefused(TUNE + " --study F/n --metric best", "metric");
    assertRefused(TUNE + " --study F/n --sampler grid", "--sampler");
    assertRefused(TUNE + " --study F/n --most-slots 0", "Invalid --most-slots: 0");
    write("two.yaml", "model: " + folder.resolve("tiny.yaml") + "\nworkers: 2\nbatch: [8, 16]\n");
    assertRefused(
        TUNE.replace("s.yaml", "two.yaml") + " --study F/n --most-slots 1",
        "--most-slots 1: a trial has 2 workers (more slots");
    assertRefused(TUNE + " --study D", "holds a run or a data set");
    assertRefused("tune --data D --study F/n", "Missing space: say --space FILE.yaml");
    assertRefused("tune --space F/s.yaml --study F/n", "Missing data: say --data URI");
    String test = "tune --data D --validation-split test --study F/n";
    assertRefused(test + " --preset best", "Preset best is for images of 28 x 28 to 64 x 64");
    assertRefused(test + " --preset bets", "Unknown preset: 'bets'; did you mean 'best'?");
    assertRefused("tune --study F/n --resume", "Not a study: ");
    assertRefused(
        "tune --study F/n --resume --mlflow ftp://host", "Invalid MLflow URI: ftp://host");
    assertRefused("tune --study F/n --best", "Not a study: ");
    assertThat(folder.resolve("n")).doesNotExist();
  }

  @Test
  void aDamagedStudyIsOneLine() throws IOException {
    run(TUNE + " --study F/damaged --trials 2 --halving 2");
    Path result = folder.resolve("damaged/results/000000-0.json");
    Files.copy(result, folder.resolve("damaged/results/000000-2.json"));

    for (String command : List.of("tune --best --study", "tune --resume --study")) {
      Outcome outcome = run(command + " F/damaged");
      assertThat(outcome.exitCode()).isEqualTo(3);
      assertThat(outcome.err().strip()).contains("000000-2.json").doesNotContain("\n");
    }
  }

  private static void write(String name, String text) {
    try {
      Files.writeString(folder.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void assertRefused(String command, String reason) {
    run(command).assertRefused(reason);
  }

  private static Outcome run(String command) {
    return COMMANDS.run(
        (command + " ").replace(" D ", " " + job.data() + " ").replace("F/", folder + "/").strip());
  }
}
