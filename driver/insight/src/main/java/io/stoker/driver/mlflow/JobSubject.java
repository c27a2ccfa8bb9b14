// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.config.ConfigFormat;
import io.stoker.driver.report.ReportJob;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunRecord;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A training job by its run folder.
 *
 * @param name the name of the run
 * @param above gives the id of the run of the study that the job is a trial of
 */
record JobSubject(Path folder, String name, Optional<Supplier<String>> above, Configuration hadoop)
    implements MlflowSubject {
  @Override
  public String source() {
    return "stoker train";
  }

  @Override
  public Optional<String> parent() {
    return above.map(Supplier::get);
  }

  @Override
  public Map<String, String> params() {
    return ConfigFormat.options(recorded().job().config());
  }

  @Override
  public Map<String, String> tags() {
    RunRecord record = recorded();
    Map<String, String> tags = new LinkedHashMap<>();
    tags.put("stoker.run", Locations.plain(folder.toString()));
    tags.put("stoker.rounds", Integer.toString(record.rounds()));
    tags.put("stoker.data_manifest_sha256", record.job().dataSha256());
    record.versions().forEach((what, version) -> tags.put("stoker.version." + what, version));
    return tags;
  }

  private RunRecord recorded() {
    return RunFolder.at(folder, hadoop).recorded();
  }

  @Override
  public Optional<byte[]> report() {
    return Optional.of(ReportJob.curves(folder, hadoop));
  }
}
