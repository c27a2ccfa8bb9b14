package io.stoker.worker.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Devices;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceLeasesTest {
  private static final List<InstalledCard> FOUR =
      InstalledCard.parse(
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
    assertThat(FOUR).extracting(InstalledCard::index).containsExactly(0, 1, 2, 3);
    assertThat(FOUR).extracting(InstalledCard::uuid).contains("GPU-cc");
    assertThat(FOUR)
        .extracting(each -> each.card().usable())
        .containsExactly(true, true, false, false);
    assertThat(InstalledCard.parse("NVIDIA-SMI has failed, no driver\n")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"'', 1, 1", "'', GPU-bb, 1", "'1,0', 1, 0", "'1,0', 0, 1", "'GPU-bb', 1, 0"})
  void bindsATaskToItsAddress(String visible, String address, int device) {
    leases(visible).assigned(address, () -> devices).close();

    assertThat(devices.bound).containsExactly(device);
  }

  @Test
  void refusesToShareACard() {
    DeviceLeases leases = leases("");
    DeviceLease first = leases.assigned("0", () -> devices);

    assertThatThrownBy(() -> leases.assigned("GPU-aa", () -> devices))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("another task of this executor computes on it")
        .hasMessageContaining("spark.task.resource.gpu.amount=1");
    assertThat(devices.bound).containsExactly(0);

    first.close();
    leases.assigned("0", () -> devices).close();
    assertThat(devices.bound).containsExactly(0, 0);
  }

  @Test
  void aLeaseThatIsClosedTwiceTakesNobodysCardAway() {
    DeviceLeases leases = leases("");
    DeviceLease first = leases.assigned("0", () -> devices);
    first.close();
    DeviceLease second = leases.assigned("0", () -> devices);
    first.close();

    assertThatThrownBy(() -> leases.assigned("0", () -> devices))
        .isInstanceOf(ResourceException.class);
    second.close();
  }

  @Test
  void refusesACardWithoutCodeBeforeCudaStarts() {
    Supplier<Devices> unwanted =
        () -> {
          throw new AssertionError("CUDA was started");
        };

    assertThatThrownBy(() -> leases("").assigned("2", unwanted))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("GPU 2, NVIDIA H100 PCIe (compute capability 9.0)");
    assertThatThrownBy(() -> leases("").assigned("3", unwanted))
        .hasMessageContaining("Tesla K20 (compute capability 3.5)");
  }

  @Test
  void startsNoCudaWhereNoCardHasCode() {
    DeviceLeases newer =
        new DeviceLeases(() -> InstalledCard.parse("0, GPU-cc, NVIDIA H100 PCIe, 9.0"), "");

    assertThatThrownBy(
            () ->
                newer.any(
                    () -> {
                      throw new AssertionError("CUDA was started");
                    }))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("GPU 0, NVIDIA H100 PCIe");
  }

  @Test
  void refusesACardWithoutCodeThatCudaAloneKnows() {
    FakeDevices newer = new FakeDevices(1, 9.0);

    assertThatThrownBy(() -> new DeviceLeases(List::of, "").assigned("0", () -> newer))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("compute capability 9.0");
    assertThat(newer.bound).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "'', 7, CUDA sees 4 cards",
    "'', GPU-zz, neither a number nor the UUID",
    "'2,3', 0, hides it from this process",
    "'', '', neither a number nor the UUID"
  })
  void refusesACardThatIsNotThere(String visible, String address, String reason) {
    assertThatThrownBy(() -> leases(visible).assigned(address, () -> devices))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining(reason);
    assertThat(devices.bound).isEmpty();
  }

  @Test
  void givesEachTaskOfALocalMasterACardOfItsOwn() {
    DeviceLeases leases = leases("");
    FakeDevices two = new FakeDevices(2, 8.6);
    DeviceLease first = leases.any(() -> two);
    leases.any(() -> two);

    assertThat(two.bound).containsExactly(0, 1);
    assertThatThrownBy(() -> leases.any(() -> two))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("--master local[2]");
    first.close();
    leases.any(() -> two);
    assertThat(two.bound).containsExactly(0, 1, 0);
  }
}
