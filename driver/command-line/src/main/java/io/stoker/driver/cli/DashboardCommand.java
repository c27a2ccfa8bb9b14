// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.report.Dashboard;
import io.stoker.driver.search.Standing;
import io.stoker.driver.search.StudyFolder;
import io.stoker.failure.Check;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "dashboard",
    header = "Serves a web page that follows one or more runs, or a study, while they train.",
    customSynopsis = "./stoker [spark-submit option]... dashboard --run URI... [option]...",
    description = {
      "",
      "Serves until it is stopped with Ctrl-C, and changes nothing in the run folders. Of more than"
          + " 20 runs, the page shows those that were written to last."
    })
final class DashboardCommand extends StokerCommand {
  @Option(
      names = "--run",
      paramLabel = "URI",
      required = true,
      arity = "1..*",
      description = "Run folders, or folders of run folders, or one study of tune; URIs.")
  private List<String> runs;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "" + Dashboard.PORT,
      description = "The port to listen on; 0 for a free one (default: ${DEFAULT-VALUE}).")
  private int port;

  @Option(
      names = "--bind",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description =
          "The address or host name to listen on; everybody who can reach it can read the page"
              + " (default: ${DEFAULT-VALUE}, this machine only).")
  private String bind;

  DashboardCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() throws InterruptedException {
    try (Dashboard dashboard = dashboard(SparkSetup.hadoop())) {
      ObjectNode json = Report.object();
      json.put("url", dashboard.url());
      Report report = new Report("%s%n".formatted(dashboard.url()), json);
      show(report);
      new CountDownLatch(1).await(); // until the process is stopped
      return report;
    }
  }

  private Dashboard dashboard(Configuration hadoop) {
    List<StudyFolder> studies =
        runs.stream()
            .map(run -> StudyFolder.at(Locations.absolute(run, hadoop), hadoop))
            .filter(StudyFolder::isStudy)
            .toList();
    if (studies.isEmpty()) {
      return Dashboard.of(runs, bind, port, hadoop);
    }
    StudyFolder study = studies.get(0);
    Check.input(
        runs.size() == 1, "Study %s needs a dashboard of its own: say --run once", study.path());
    return Dashboard.ofCharts(() -> StudyPage.of(study, Standing.of(study)), bind, port);
  }
}
