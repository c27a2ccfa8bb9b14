// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.shard.ShardSplit;
import io.stoker.driver.checkpoint.Calibration;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.ParameterChoice;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.config.ConfigFormat;
import io.stoker.driver.evaluate.Confusion;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.driver.run.BestValidation;
import io.stoker.driver.run.RunRecord;
import io.stoker.models.file.ModelMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A model card as Markdown (Mitchell et al., 2019, "Model Cards for Model Reporting").
 *
 * @param record what the run folder says of the run
 * @param model the checkpoint that the card is about
 * @param best the run's best validation, if it is that of the checkpoint
 * @param data the data that the run was trained on, if they can be read
 * @param evaluation of the checkpoint, if there is one
 * @param notes what is missing in the card, and why
 */
record ModelCard(
    RunRecord record,
    StoredModel model,
    Optional<BestValidation> best,
    Optional<ShardFolder> data,
    Optional<EvaluationReport> evaluation,
    List<String> notes) {
  private static final int CONFUSIONS = 10;

  /** Of more classes, the first ones are listed. */
  private static final int CLASSES = 200;

  ModelCard {
    notes = List.copyOf(notes);
  }

  /** The document. */
  String toMarkdown() {
    Markdown card = new Markdown();
    ModelMetadata metadata = model.metadata();
    card.heading(1, "Model card: " + Markdown.escape(metadata.model().name()));
    details(card, metadata);
    toFillIn(
        card,
        "Intended use",
        "what the model is for, who uses it, and what it must not be used for");
    data(card);
    recipe(card);
    evaluation.ifPresent(report -> evaluation(card, report));
    toFillIn(
        card,
        "Limitations",
        "groups or conditions that the data lack, known failures, ethical considerations");
    if (!notes.isEmpty()) {
      card.heading(2, "Missing in this card");
      notes.forEach(note -> card.paragraph("- " + Markdown.escape(note)));
    }
    card.heading(2, "How to train it again");
    ReproductionCommands.of(record.job().config()).forEach(each -> card.code(List.of(each)));
    return card.toString();
  }

  private static void toFillIn(Markdown card, String title, String what) {
    card.heading(2, title).paragraph("*To be filled in: " + what + ".*");
  }

  private void details(Markdown card, ModelMetadata metadata) {
    card.heading(2, "Model").values();
    value(card, "model", metadata.model().name());
    value(card, "input (height x width x channels)", metadata.model().input().toString());
    value(card, "classes", number(metadata.model().classes()));
    value(card, "parameters", number(metadata.model().parameterCount()));
    value(card, "checkpoint", Locations.plain(model.path().toString()));
    value(
        card,
        "trained",
        text("%,d rounds, epoch %,d", metadata.clock().round(), metadata.clock().epoch()));
    best.ifPresent(each -> value(card, "chosen as", each.text()));
    if (model.choice() == ParameterChoice.EMA) {
      value(card, "parameters that predict", "moving average over the steps of training");
    }
    value(card, "SHA-256 of the parameters", model.parametersSha256());
    value(card, "SHA-256 of the job", record.job().sha256());
    record.versions().forEach((name, version) -> value(card, name, version));
    card.endTable();
  }

  private void data(Markdown card) {
    card.heading(2, "Training data").values();
    value(card, "SHA-256 of the manifest", record.job().dataSha256());
    value(card, "location", Locations.plain(record.job().config().data().uri()));
    data.ifPresent(folder -> describe(card, folder.manifest()));
    card.endTable();
    data.ifPresent(folder -> counts(card, folder.manifest()));
  }

  private static void describe(Markdown card, ShardManifest manifest) {
    value(card, "images", manifest.images().toString());
    value(card, "encoding", manifest.encoding().name());
    value(card, "rejected when prepared", number(manifest.rejected().size()));
  }

  private static void counts(Markdown card, ShardManifest manifest) {
    List<String> header = new ArrayList<>(List.of("class"));
    List<String> total = new ArrayList<>(List.of("all"));
    manifest
        .splits()
        .forEach(
            (name, split) -> {
              header.add(Markdown.escape(name));
              total.add(number(split.samples()));
            });
    card.header(header.toArray(String[]::new));
    for (int label = 0; label < Math.min(CLASSES, manifest.classes()); label++) {
      List<String> row =
          new ArrayList<>(List.of(Markdown.escape(manifest.classNames().get(label))));
      for (ShardSplit split : manifest.splits().values()) {
        row.add(number(split.samplesPerClass().get(label)));
      }
      card.row(row.toArray(String[]::new));
    }
    card.row(total.toArray(String[]::new)).endTable();
    more(card, manifest.classes());
  }

  private static void more(Markdown card, int classes) {
    if (classes > CLASSES) {
      card.paragraph(text("The first %,d of %,d classes.", CLASSES, classes));
    }
  }

  private void recipe(Markdown card) {
    card.heading(2, "Recipe").values();
    ConfigFormat.options(record.job().config()).forEach((name, value) -> value(card, name, value));
    card.endTable();
  }

  private static void calibration(Markdown card, Calibration calibration) {
    card.heading(3, "Calibration")
        .paragraph(
            text(
                "Logits are divided by the temperature %.4f, which was fitted on %,d examples of"
                    + " the split %s.",
                calibration.temperature(),
                calibration.examples(),
                Markdown.escape(calibration.split())))
        .header("on that split", "before", "after")
        .row(
            "log loss",
            text("%.4f", calibration.logLossBefore()),
            text("%.4f", calibration.logLossAfter()))
        .row(
            "calibration error",
            percent(calibration.calibrationErrorBefore()),
            percent(calibration.calibrationErrorAfter()))
        .endTable();
  }

  private void evaluation(Markdown card, EvaluationReport report) {
    long examples = report.examples();
    card.heading(2, "Evaluation on the split " + Markdown.escape(report.split()))
        .paragraph(
            text(
                "%,d examples of %s. Intervals are Wilson's, with 95 %% confidence; they say what"
                    + " the number of examples leaves open, not how other data would differ.",
                examples, Markdown.escape(report.data())))
        .header("metric", "value", "95 % interval");
    card.row("accuracy", percent(report.accuracy()), interval(report.accuracy(), examples));
    report.top5().ifPresent(share -> card.row("top 5", percent(share), interval(share, examples)));
    card.row("balanced accuracy", percent(report.balancedAccuracy()), "");
    card.row("mean precision", percent(report.macro().precision()), "");
    card.row("mean recall", percent(report.macro().recall()), "");
    card.row("mean F1", percent(report.macro().f1()), "");
    card.row("log loss", text("%.4f", report.logLoss()), "");
    card.row("calibration error", percent(report.calibrationError()), "").endTable();
    model.calibration().filter(Calibration::hasFit).ifPresent(each -> calibration(card, each));
    classes(card, report);
    confusions(card, report);
  }

  private static void classes(Markdown card, EvaluationReport report) {
    card.heading(3, "Each class")
        .header("class", "examples", "precision", "recall", "95 % interval of the recall");
    report.classes().stream()
        .limit(CLASSES)
        .forEach(
            score ->
                card.row(
                    Markdown.escape(score.name()),
                    number(score.examples()),
                    score.predicted() == 0 ? "-" : percent(score.precision()),
                    score.examples() == 0 ? "-" : percent(score.recall()),
                    score.examples() == 0 ? "-" : interval(score.recall(), score.examples())));
    card.endTable();
    more(card, report.classes().size());
  }

  private static void confusions(Markdown card, EvaluationReport report) {
    List<Confusion> confusions = report.mostConfused(CONFUSIONS);
    if (confusions.isEmpty()) {
      return;
    }
    card.heading(3, "Most frequent confusions")
        .header("class", "taken for", "times", "of the class");
    for (Confusion each : confusions) {
      card.row(
          Markdown.escape(each.actual().name()),
          Markdown.escape(each.predicted().name()),
          number(each.times()),
          percent((double) each.times() / each.actual().examples()));
    }
    card.endTable();
  }

  private static void value(Markdown card, String name, String value) {
    card.row(Markdown.escape(name), Markdown.escape(value));
  }

  private static String interval(double share, long whole) {
    WilsonInterval interval = WilsonInterval.of(Math.round(share * whole), whole);
    return text("%.2f to %.2f %%", 100 * interval.low(), 100 * interval.high());
  }

  private static String percent(double share) {
    return text("%.2f %%", 100 * share);
  }

  private static String number(long count) {
    return text("%,d", count);
  }

  private static String text(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }
}
