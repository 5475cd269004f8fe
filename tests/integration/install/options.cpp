// The headers and the init functions from C++11.
#include <cstdio>

#include <vqe/chem.h>
#include <vqe/experiment.h>
#include <vqe/team.h>

int main()
{
  vqe_run_options run;
  vqe_chem_options chem;
  vqe_run_options_init(&run);
  vqe_chem_options_init(&chem);
  bool good = run.size == sizeof run && run.threads == 1 &&
              chem.size == sizeof chem && chem.active_electrons == -1;
  std::printf("%s\n", good ? "good" : "bad");
  return good ? 0 : 1;
}
