// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.averaging.PartialWork;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.job.JobPlan;
import io.stoker.driver.job.ResolvedJob;
import io.stoker.driver.job.TrainingRun;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.RoundWorkers;
import io.stoker.driver.run.RunFolder;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.worker.runtime.RoundWork;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Which workers took part in the rounds of another run of the same job, and how many steps they
 * took. With it the job gives the bits of that run, wherever it is trained.
 *
 * @param run the run's folder
 * @param rounds what the record says of the workers in each of its rounds
 */
record RecordedRounds(Path run, List<RoundWorkers> rounds) {
  /**
   * Reads the record of a run.
   *
   * @param job the job that is to be trained
   * @throws InputException if the run has no record, lacks some of the job's rounds, or is of
   *     another job
   * @throws DamagedException if a line of the record cannot be
   */
  static RecordedRounds of(String uri, ResolvedJob job, Configuration hadoop) {
    Path path = Locations.absolute(uri, hadoop);
    RunFolder folder = RunFolder.at(path, hadoop);
    List<String> differences = job.run().identity().differences(folder.recorded().job());
    Check.input(
        differences.isEmpty(),
        "Cannot replay run %s with another configuration: %s",
        path,
        String.join("; ", differences));
    Check.input(
        job.run().config().averaging().followsSpeeds(),
        "Cannot replay run %s: it has no record of its workers, because it was trained without"
            + " --quorum and --work-by-speed (leave --replay out: the same command gives the same"
            + " bits)",
        path);
    List<RoundMetrics> lines = MetricsLog.read(path, hadoop);
    int rounds = job.run().plan().rounds();
    boolean mayEndEarly = job.run().config().validation().patience() > 0 && !lines.isEmpty();
    Check.input(
        lines.size() >= rounds || mayEndEarly,
        "Cannot replay run %s: its record, %s, has %d of %d rounds",
        path,
        MetricsLog.FILE,
        lines.size(),
        rounds);
    for (int round = 0; round < Math.min(rounds, lines.size()); round++) {
      require(lines.get(round), round, job.run(), new Path(path, MetricsLog.FILE));
    }
    return new RecordedRounds(path, lines.stream().map(RoundMetrics::workers).toList());
  }

  private static void require(RoundMetrics line, int round, TrainingRun run, Path file) {
    int workers = run.config().rounds().workers();
    Check.input(
        line.round() == round + 1,
        "Cannot replay %s: round %d is where round %d should be",
        file,
        line.round(),
        round + 1);
    List<Integer> absent = line.absent();
    Check.undamaged(
        absent.equals(absent.stream().distinct().sorted().toList())
            && absent.stream().allMatch(worker -> worker >= 0 && worker < workers)
            && absent.size() < workers,
        "Invalid line of round %d in %s: %s are absent of %d workers",
        line.round(),
        file,
        absent,
        workers);
    List<Integer> steps = line.workers().steps();
    int most = run.plan().round(round).steps();
    Check.undamaged(
        run.config().averaging().workBySpeed()
            ? steps.size() == workers && steps.stream().allMatch(each -> each <= most)
            : steps.isEmpty(),
        "Invalid line of round %d in %s: %d workers took %s of %d steps",
        line.round(),
        file,
        workers,
        steps,
        most);
  }

  /** How many steps each worker took in a round. */
  List<Integer> steps(JobPlan.Round round) {
    return of(round).steps();
  }

  /** A round without the workers that were absent. */
  RoundWork work(JobPlan.Round round, RoundWork work) {
    return PartialWork.of(work, of(round).absent());
  }

  private RoundWorkers of(JobPlan.Round round) {
    Check.input(
        round.round() < rounds.size(),
        "Cannot replay run %s any further: its record ends after round %d",
        run,
        rounds.size());
    return rounds.get(round.round());
  }
}
