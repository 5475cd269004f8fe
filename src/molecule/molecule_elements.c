#include <string.h>
#include <strings.h>

#include "molecule/molecule_build.h"
#include "vqe/molecule.h"

static const char symbols[VQE_MAX_Z + 1][4] = {
    "",   "H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na",
    "Mg", "Al", "Si", "P",  "S",  "Cl", "Ar", "K",  "Ca", "Sc", "Ti", "V",
    "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br",
    "Kr", "Rb", "Sr", "Y",  "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag",
    "Cd", "In", "Sn", "Sb", "Te", "I",  "Xe", "Cs", "Ba", "La", "Ce", "Pr",
    "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu",
    "Hf", "Ta", "W",  "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi",
    "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U",  "Np", "Pu", "Am",
    "Cm", "Bk", "Cf", "Es", "Fm", "Md", "No", "Lr", "Rf", "Db", "Sg", "Bh",
    "Hs", "Mt", "Ds", "Rg", "Cn", "Nh", "Fl", "Mc", "Lv", "Ts", "Og"};

int vqe_element_z(const char *symbol)
{
  if (symbol == NULL || symbol[0] == '\0') {
    return 0;
  }
  for (int z = 1; z <= VQE_MAX_Z; z++) {
    if (strcasecmp(symbol, symbols[z]) == 0) {
      return z;
    }
  }
  return 0;
}

const char *vqe_element_symbol(int z)
{
  return z >= 1 && z <= VQE_MAX_Z ? symbols[z] : NULL;
}

double vqe_element_radius(int z)
{
  /* Cordero et al., Dalton Trans. 2832 (2008), table 2: C of sp3, high spin */
  static const double radii[] = {
      0.0,  0.31, 0.28, 1.28, 0.96, 0.84, 0.76, 0.71, 0.66, 0.57, 0.58,
      1.66, 1.41, 1.21, 1.11, 1.07, 1.05, 1.02, 1.06, 2.03, 1.76, 1.70,
      1.60, 1.53, 1.39, 1.61, 1.52, 1.50, 1.24, 1.32, 1.22, 1.22, 1.20,
      1.19, 1.20, 1.20, 1.16, 2.20, 1.95, 1.90, 1.75, 1.64, 1.54, 1.47,
      1.46, 1.42, 1.39, 1.45, 1.44, 1.42, 1.39, 1.39, 1.38, 1.39, 1.40};
  return z > 0 && z < (int)(sizeof radii / sizeof radii[0]) ? radii[z] : 1.6;
}
