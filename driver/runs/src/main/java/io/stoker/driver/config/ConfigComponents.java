// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** Takes a {@link TrainingConfig} apart into the values of its options, and makes one of them. */
final class ConfigComponents {
  /** What {@link TrainingOption#component} says, by the option's key. */
  private static final Map<String, String> BY_KEY = new TreeMap<>();

  /** The components that hold a value: of the config, or of a record in it. */
  private static final Map<String, RecordComponent> LEAVES = new HashMap<>();

  static {
    TrainingOption.ofJob().forEach(option -> BY_KEY.put(option.key(), option.component()));
    for (RecordComponent component : TrainingConfig.class.getRecordComponents()) {
      if (BY_KEY.containsValue(component.getName())) {
        LEAVES.put(component.getName(), component);
      } else {
        for (RecordComponent leaf : component.getType().getRecordComponents()) {
          LEAVES.put(component.getName() + "." + leaf.getName(), leaf);
        }
      }
    }
  }

  private ConfigComponents() {}

  /** The type of an option's value. */
  static Type type(TrainingOption option) {
    return LEAVES.get(option.component()).getGenericType();
  }

  /** The values of a config, by the options' keys. */
  static Map<String, Object> valuesOf(TrainingConfig config) {
    Map<String, Object> values = new HashMap<>();
    BY_KEY.forEach(
        (key, component) -> {
          Object value = config;
          for (String name : component.split("\\.", -1)) {
            value = read(value, name);
          }
          values.put(key, value);
        });
    return values;
  }

  /**
   * The config of some values.
   *
   * @param values one for each option, by its key
   * @throws io.stoker.failure.InputException if they do not go together
   */
  static TrainingConfig configOf(Map<String, Object> values) {
    Map<String, Object> byComponent = new HashMap<>();
    BY_KEY.forEach((key, component) -> byComponent.put(component, values.get(key)));
    for (RecordComponent component : TrainingConfig.class.getRecordComponents()) {
      String group = component.getName();
      if (!LEAVES.containsKey(group)) {
        byComponent.put(group, record(component.getType(), byComponent, group + "."));
      }
    }
    return record(TrainingConfig.class, byComponent, "");
  }

  private static <T> T record(Class<T> type, Map<String, Object> byComponent, String prefix) {
    RecordComponent[] components = type.getRecordComponents();
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    Object[] arguments =
        Arrays.stream(components).map(leaf -> byComponent.get(prefix + leaf.getName())).toArray();
    try {
      Constructor<T> canonical = type.getDeclaredConstructor(types);
      return canonical.newInstance(arguments);
    } catch (InvocationTargetException e) {
      throw unchecked(e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Cannot make a " + type.getSimpleName(), e);
    }
  }

  private static Object read(Object from, String component) {
    try {
      return from.getClass().getMethod(component).invoke(from);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Cannot read " + component + " of " + from, e);
    }
  }

  private static RuntimeException unchecked(InvocationTargetException e) {
    if (e.getCause() instanceof RuntimeException reason) {
      return reason;
    }
    throw new IllegalStateException(e);
  }
}
