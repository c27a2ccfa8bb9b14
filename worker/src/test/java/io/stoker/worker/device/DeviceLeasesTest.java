// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceLeasesTest {
  /** Has code for compute capability 3.7 to 8.9. */
  private static final Engine ENGINE = Engines.find("dl4j");

  private static final List<InstalledGpu> FOUR =
      InstalledGpu.parse(
          """
          0, GPU-aa, NVIDIA A100-SXM4-40GB, 8.0
          1, GPU-bb, NVIDIA L4, 8.9
          2, GPU-cc, NVIDIA H100 PCIe, 9.0
          3, GPU-dd, Tesla K20, 3.5
          """);

  private final FakeDevices devices = new FakeDevices(4, 8.6);

  private static DeviceLeases leases(String visible) {
    return new DeviceLeases(() -> FOUR, visible);
  }

  @Test
  void readsWhatNvidiaSmiLists() {
    assertThat(FOUR).extracting(InstalledGpu::index).containsExactly(0, 1, 2, 3);
    assertThat(FOUR).extracting(InstalledGpu::uuid).contains("GPU-cc");
    assertThat(FOUR)
        .extracting(each -> each.gpu().computeCapability())
        .containsExactly(8.0, 8.9, 9.0, 3.5);
    assertThat(InstalledGpu.parse("NVIDIA-SMI has failed, no driver\n")).isEmpty();
    assertThat(
            InstalledGpu.parse(
                """
                0, GPU-aa, NVIDIA H100 80GB HBM3, 9.0, 81559
                1, GPU-bb, NVIDIA GB10, 12.1, [N/A]
                2, GPU-cc, Tesla T4, 7.5
                """))
        .extracting(InstalledGpu::memoryBytes)
        .containsExactly(81559L << 20, 0L, 0L);
  }

  @ParameterizedTest
  @CsvSource({"'', 1, 1", "'', GPU-bb, 1", "'1,0', 1, 0", "'1,0', 0, 1", "'GPU-bb', 1, 0"})
  void bindsATaskToItsAddress(String visible, String address, int device) {
    leases(visible).assigned(address, "a task", ENGINE, () -> devices).close();

    assertThat(devices.bound).containsExactly(device);
  }

  @Test
  void refusesToShareACard() {
    DeviceLeases leases = leases("");
    DeviceLease first = leases.assigned("0", "a task", ENGINE, () -> devices);

    assertThatThrownBy(() -> leases.assigned("GPU-aa", "another", ENGINE, () -> devices))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("another task of this executor computes on it")
        .hasMessageContaining("spark.task.resource.gpu.amount=1");
    assertThat(devices.bound).containsExactly(0);

    first.close();
    leases.assigned("0", "a task", ENGINE, () -> devices).close();
    assertThat(devices.bound).containsExactly(0, 0);
  }

  @Test
  void aLeaseThatIsClosedTwiceTakesNobodysCardAway() {
    DeviceLeases leases = leases("");
    DeviceLease first = leases.assigned("0", "a task", ENGINE, () -> devices);
    first.close();
    DeviceLease second = leases.assigned("0", "a task", ENGINE, () -> devices);
    first.close();

    assertThatThrownBy(() -> leases.assigned("0", "another", ENGINE, () -> devices))
        .isInstanceOf(ResourceException.class);
    second.close();
  }

  @Test
  void refusesACardWithoutCodeBeforeTheEngineStarts() {
    Supplier<Devices> unwanted =
        () -> {
          throw new AssertionError("the engine was started");
        };

    assertThatThrownBy(() -> leases("").assigned("2", "a task", ENGINE, unwanted))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("GPU 2, NVIDIA H100 PCIe (compute capability 9.0): not usable")
        .hasMessageContaining("engine dl4j has code for compute capability 3.7 to 8.9 only");
    assertThatThrownBy(() -> leases("").assigned("3", "a task", ENGINE, unwanted))
        .hasMessageContaining("Tesla K20 (compute capability 3.5)");
  }

  @Test
  void startsNoEngineWhereNoCardHasCode() {
    DeviceLeases newer =
        new DeviceLeases(() -> InstalledGpu.parse("0, GPU-cc, NVIDIA H100 PCIe, 9.0"), "");

    assertThatThrownBy(
            () ->
                newer.any(
                    "a task",
                    ENGINE,
                    () -> {
                      throw new AssertionError("the engine was started");
                    }))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("GPU 0, NVIDIA H100 PCIe");
  }

  @Test
  void refusesACardWithoutCodeThatOnlyTheEngineLists() {
    FakeDevices newer = new FakeDevices(1, 9.0);

    DeviceLeases unlisted = new DeviceLeases(List::of, "");
    assertThatThrownBy(() -> unlisted.assigned("0", "a task", ENGINE, () -> newer))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("compute capability 9.0");
    assertThat(newer.bound).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "'', 7, engine dl4j sees 4 GPUs",
    "'', GPU-zz, neither a number nor the UUID",
    "'2,3', 0, hides it from this process",
    "'', '', neither a number nor the UUID"
  })
  void refusesACardThatIsNotThere(String visible, String address, String reason) {
    assertThatThrownBy(() -> leases(visible).assigned(address, "a task", ENGINE, () -> devices))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining(reason);
    assertThat(devices.bound).isEmpty();
  }

  @Test
  void givesEachTaskOfALocalMasterACardOfItsOwn() {
    DeviceLeases leases = leases("");
    FakeDevices two = new FakeDevices(2, 8.6);
    DeviceLease first = leases.any("first", ENGINE, () -> two);
    leases.any("second", ENGINE, () -> two);

    assertThat(two.bound).containsExactly(0, 1);
    assertThatThrownBy(() -> leases.any("third", ENGINE, () -> two))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("--master local[2]");
    first.close();
    leases.any("third", ENGINE, () -> two);
    assertThat(two.bound).containsExactly(0, 1, 0);
  }

  @Test
  void aTaskKeepsItsCardUntilItsLastLeaseEnds() {
    DeviceLeases leases = leases("");
    DeviceLease ofFirstModel = leases.assigned("0", "pipeline", ENGINE, () -> devices);
    DeviceLease ofSecondModel = leases.assigned("0", "pipeline", ENGINE, () -> devices);
    assertThat(ofSecondModel.device()).isEqualTo(ofFirstModel.device());

    ofFirstModel.close();
    ofFirstModel.close();
    assertThatThrownBy(() -> leases.assigned("0", "another", ENGINE, () -> devices))
        .isInstanceOf(ResourceException.class);

    ofSecondModel.close();
    leases.assigned("0", "another", ENGINE, () -> devices).close();
    assertThat(devices.bound).containsExactly(0, 0, 0);
  }

  @Test
  void aTaskOfALocalMasterHasOneCardForAllItsModels() {
    DeviceLeases leases = leases("");
    FakeDevices two = new FakeDevices(2, 8.6);
    leases.any("before", ENGINE, () -> two);
    leases.any("pipeline", ENGINE, () -> two);
    leases.any("pipeline", ENGINE, () -> two);

    assertThat(two.bound).containsExactly(0, 1, 1);
  }

  @Test
  void anEmptyListOfCardsIsNotBelievedAtOnce() {
    AtomicInteger listed = new AtomicInteger();
    DeviceLeases leases =
        new DeviceLeases(() -> listed.getAndIncrement() == 0 ? List.of() : FOUR, "");
    assertThatThrownBy(() -> leases.assigned("GPU-bb", "a task", ENGINE, () -> devices))
        .isInstanceOf(ResourceException.class);

    leases.assigned("GPU-bb", "a task", ENGINE, () -> devices).close();
    leases.assigned("GPU-bb", "a task", ENGINE, () -> devices).close();

    assertThat(devices.bound).containsExactly(1, 1);
    assertThat(listed).hasValue(2);
  }

  @Test
  void aMachineWithoutCardsIsNotAskedForEver() {
    AtomicInteger listed = new AtomicInteger();
    Supplier<List<InstalledGpu>> none =
        () -> {
          listed.incrementAndGet();
          return List.of();
        };
    DeviceLeases leases = new DeviceLeases(none, "");
    for (int i = 0; i < 20; i++) {
      leases.assigned("0", "a task", ENGINE, () -> devices).close();
    }

    assertThat(listed).hasValueBetween(2, 10);
  }
}
