"""Spack's recipe for the checkout that this file lies in; jobs/package/README.md."""

import os

from spack.package import *

CHECKOUT = os.path.realpath(os.path.join(os.path.dirname(__file__), *[".."] * 5))


class VqeBatch(CMakePackage, CudaPackage):
    """Ground-state energies of many molecules by the variational quantum
    eigensolver, over MPI ranks and GPUs, with every evaluation recorded and Iceberg
    tables at the end."""

    git = "file://" + CHECKOUT

    license("MIT")

    version("main", branch="main")

    # cuda and cuda_arch are CudaPackage's
    depends_on("c", type="build")
    depends_on("cxx", type="build", when="+cuda")
    depends_on("cmake@3.22:", type="build")
    depends_on("ninja", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi")
    depends_on("openblas threads=pthreads")
    depends_on("netlib-lapack+lapacke")
    depends_on("hdf5@1.10:")
    depends_on("nlopt")
    depends_on("gsl")
    depends_on("jansson")
    depends_on("openssl@3:")
    depends_on("zlib-api")
    depends_on("avro-c")
    depends_on("curl")
    depends_on("expat")
    depends_on("libmicrohttpd")
    depends_on("librdkafka")
    depends_on("uthash")
    depends_on("libcint@6:")
    depends_on("duckdb@1.1:")

    generator("ninja")

    def cmake_args(self):
        spec = self.spec
        args = [
            # Spack's compiler wrapper tunes for the target
            self.define("VQE_NATIVE", False),
            self.define("LIBCINT_ROOT", spec["libcint"].prefix),
            self.define("DUCKDB_ROOT", spec["duckdb"].prefix),
            self.define("UTHASH_INCLUDE_DIR", spec["uthash"].prefix.include),
            self.define("VQE_CUDA", "ON" if spec.satisfies("+cuda") else "OFF"),
        ]
        if spec.satisfies("+cuda"):
            args.append(self.define("CUDAToolkit_ROOT", spec["cuda"].prefix))
            archs = spec.variants["cuda_arch"].value
            if archs != ("none",):
                args.append(self.define("CMAKE_CUDA_ARCHITECTURES", list(archs)))
        return args

    def test_h2(self):
        """the energy of H2, and its tables"""
        with open("h2.xyz", "w") as out:
            out.write("2\n\nH 0 0 0\nH 0 0 0.7414\n")
        batch = which(join_path(self.prefix.bin, "vqe_batch"))
        batch("h2.xyz", "--quiet")
        lake = which(join_path(self.prefix.bin, "vqe_lake"))
        said = lake(
            "query",
            "SELECT round(total_energy, 6) FROM ml_run_summary",
            "-w",
            "h2.warehouse",
            output=str.split,
            error=str.split,
        )
        assert "-1.13727" in said, said
