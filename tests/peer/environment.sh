# Virtual environments of the peers, made once; to be sourced in the repository's root.

BASE=(pytest pytest-timeout hypothesis sentencepiece protobuf safetensors ml_dtypes tqdm rich h5py)

# Make an environment unless it already holds what it is for: NAME PYTHON REQUIREMENT...
environment() {
    local folder=".venv-peer-$1" python=$2 stamp
    shift 2
    stamp="$folder/.installed-$(echo "$* ${BASE[*]}" | cksum | cut -d ' ' -f 1)"
    if [ ! -e "$stamp" ]; then
        [ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
        "$folder/bin/python" -m pip install --quiet "$@" "${BASE[@]}"
        "$folder/bin/python" -m pip install --quiet --no-deps -e .
        touch "$stamp"
    fi
}
