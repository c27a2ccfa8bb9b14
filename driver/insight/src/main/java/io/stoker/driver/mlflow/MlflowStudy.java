// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import io.stoker.driver.round.RunWatch;
import io.stoker.driver.round.StudyWatch;
import io.stoker.driver.round.WatchedRun;
import io.stoker.driver.round.WatchedStudy;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;

/**
 * Logs a study to an MLflow tracking server: a run for the study, and below it the runs of its
 * trials, each as {@link MlflowLog} has it. A server that is down costs the study one warning.
 */
final class MlflowStudy implements StudyWatch {
  private final WatchedStudy study;
  private final MlflowRun run;
  private final MlflowWarning warning = new MlflowWarning();
  private final PendingEvents pending = new PendingEvents(MlflowLog.CAPACITY);
  private final MlflowSender sender;

  private MlflowStudy(WatchedStudy study) {
    this.study = study;
    MlflowServer server = new MlflowServer(study.tracker(), MlflowLog.REQUEST);
    this.run = new MlflowRun(server, study.folder(), true, new StudySubject(study), study.hadoop());
    this.sender = new MlflowSender(server, run, pending, MlflowLog.CLOSING, warning);
  }

  static MlflowStudy start(WatchedStudy study) {
    MlflowStudy started = new MlflowStudy(study);
    started.pending.add(Event.ofStart(0));
    started.sender.start();
    return started;
  }

  @Override
  public RunWatch watch(WatchedRun trial) {
    String name =
        study.folder().toUri().relativize(new Path(trial.config().run()).toUri()).getPath();
    return MlflowLog.ofTrial(study.tracker(), trial, name, run::id, warning);
  }

  @Override
  public void progressed(int results, Map<String, Double> numbers, Map<String, String> texts) {
    pending.add(new Event(results, System.currentTimeMillis(), numbers, texts, List.of()));
  }

  @Override
  public void ended() {
    pending.end(PendingEvents.End.FINISHED);
  }

  @Override
  public void close() {
    pending.end(PendingEvents.End.FAILED); // no effect after another end
    sender.close();
  }
}
