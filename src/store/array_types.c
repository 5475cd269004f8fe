#include "store/array_types.h"

#include "record/fields.h"
#include "store/h5dataset.h"

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

size_t vqe_evaluation_width(void)
{
  return 1 + vqe_members_evaluations.count;
}

hid_t vqe_type_evaluation(void)
{
  const struct vqe_members *members = &vqe_members_evaluations;
  const size_t cell = sizeof(union vqe_evaluation_cell);
  hid_t type = H5Tcreate(H5T_COMPOUND, vqe_evaluation_width() * cell);
  herr_t done =
      type >= 0 ? H5Tinsert(type, "iteration", 0, H5T_NATIVE_INT64) : -1;
  for (size_t k = 0; done >= 0 && k < members->count; k++) {
    done = H5Tinsert(type, members->list[k].column, (k + 1) * cell,
                     H5T_NATIVE_DOUBLE);
  }
  if (done < 0) {
    vqe_h5dataset_close(type);
    type = H5I_INVALID_HID;
  }
  return type;
}

hid_t vqe_type_atom(void)
{
  hid_t symbol =
      vqe_h5dataset_text(sizeof((struct vqe_h5table_atom *)NULL)->symbol);
#define AT(member) offsetof(struct vqe_h5table_atom, member)
  const struct member members[] = {
      {"symbol", AT(symbol), symbol},
      {"atomic_number", AT(atomic_number), H5T_NATIVE_INT32},
      {"x", AT(x), H5T_NATIVE_DOUBLE},
      {"y", AT(y), H5T_NATIVE_DOUBLE},
      {"z", AT(z), H5T_NATIVE_DOUBLE},
      {"mass", AT(mass), H5T_NATIVE_DOUBLE},
  };
#undef AT
  hid_t type = compound_type(sizeof(struct vqe_h5table_atom), members,
                             sizeof members / sizeof members[0]);
  vqe_h5dataset_close(symbol);
  return type;
}

hid_t vqe_type_term(size_t width)
{
  hid_t label = vqe_h5dataset_text(width);
  const struct member members[] = {
      {"label", 0, label},
      {"coefficient", width, H5T_NATIVE_DOUBLE},
  };
  hid_t type = compound_type(width + VQE_COEFFICIENT_BYTES, members, 2);
  vqe_h5dataset_close(label);
  return type;
}

hid_t vqe_type_option(size_t key, size_t value)
{
  hid_t first = vqe_h5dataset_text(key);
  hid_t second = vqe_h5dataset_text(value);
  const struct member members[] = {
      {"key", 0, first},
      {"json", key, second},
  };
  hid_t type = compound_type(key + value, members, 2);
  vqe_h5dataset_close(first);
  vqe_h5dataset_close(second);
  return type;
}
