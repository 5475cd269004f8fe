#include "store/array_types.h"

void vqe_type_close(hid_t type)
{
  if (type >= 0) {
    H5Tclose(type);
  }
}

hid_t vqe_type_text(size_t width)
{
  hid_t type = H5Tcopy(H5T_C_S1);
  if (type >= 0 && (H5Tset_size(type, width > 0 ? width : 1) < 0 ||
                    H5Tset_cset(type, H5T_CSET_UTF8) < 0 ||
                    H5Tset_strpad(type, H5T_STR_NULLPAD) < 0)) {
    H5Tclose(type);
    type = H5I_INVALID_HID;
  }
  return type;
}

struct member {
  const char *name;
  size_t offset;
  hid_t type;
};

static hid_t compound_type(size_t size, const struct member *members,
                           size_t count)
{
  hid_t type = H5Tcreate(H5T_COMPOUND, size);
  for (size_t k = 0; type >= 0 && k < count; k++) {
    if (H5Tinsert(type, members[k].name, members[k].offset, members[k].type) <
        0) {
      H5Tclose(type);
      type = H5I_INVALID_HID;
    }
  }
  return type;
}

hid_t vqe_type_evaluation(void)
{
#define AT(member) offsetof(struct evaluation_row, member)
  const struct member members[] = {
      {"iteration", AT(iteration), H5T_NATIVE_INT64},
      {"energy", AT(energy), H5T_NATIVE_DOUBLE},
      {"std", AT(std), H5T_NATIVE_DOUBLE},
      {"energy_delta", AT(delta), H5T_NATIVE_DOUBLE},
      {"parameter_delta_norm", AT(parameter_delta), H5T_NATIVE_DOUBLE},
      {"cumulative_min_energy", AT(cumulative_min), H5T_NATIVE_DOUBLE},
      {"seconds", AT(seconds), H5T_NATIVE_DOUBLE},
  };
#undef AT
  return compound_type(sizeof(struct evaluation_row), members,
                       sizeof members / sizeof members[0]);
}

hid_t vqe_type_atom(void)
{
  hid_t symbol = vqe_type_text(sizeof((struct atom_row *)NULL)->symbol);
#define AT(member) offsetof(struct atom_row, member)
  const struct member members[] = {
      {"symbol", AT(symbol), symbol},
      {"atomic_number", AT(atomic_number), H5T_NATIVE_INT32},
      {"x", AT(x), H5T_NATIVE_DOUBLE},
      {"y", AT(y), H5T_NATIVE_DOUBLE},
      {"z", AT(z), H5T_NATIVE_DOUBLE},
      {"mass", AT(mass), H5T_NATIVE_DOUBLE},
  };
#undef AT
  hid_t type = compound_type(sizeof(struct atom_row), members,
                             sizeof members / sizeof members[0]);
  vqe_type_close(symbol);
  return type;
}

hid_t vqe_type_term(size_t width)
{
  hid_t label = vqe_type_text(width);
  const struct member members[] = {
      {"label", 0, label},
      {"coefficient", width, H5T_NATIVE_DOUBLE},
  };
  hid_t type = compound_type(width + VQE_COEFFICIENT_BYTES, members, 2);
  vqe_type_close(label);
  return type;
}

hid_t vqe_type_option(size_t key, size_t value)
{
  hid_t first = vqe_type_text(key);
  hid_t second = vqe_type_text(value);
  const struct member members[] = {
      {"key", 0, first},
      {"json", key, second},
  };
  hid_t type = compound_type(key + value, members, 2);
  vqe_type_close(first);
  vqe_type_close(second);
  return type;
}
